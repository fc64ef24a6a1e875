#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names from outside a stripped program: separate debug files by debug link in each place, wrong and
# hostile ones before the right one, in a root of the target's own; a .gnu_debugdata that is hostile.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool objcopy strip xz
HERE=$WORK/app

# run_stripped PROGRAM COMMAND...: COMMAND runs the program of two threads; TARGET is its process.
run_stripped() {
	[ -z "${TARGET:-}" ] || finish "$STARTED"
	start stripped "$@" threads 1
	await_line "$WORK/stripped.out" '^READY'
	TARGET=$STARTED
	await_state "$TARGET" S
}

# names_are WANTED: whether the stacks of TARGET have the program's names. They are complete always.
names_are() {
	expect_status "$([ "$1" = lost ] && echo 1 || echo 0)" timeout 20 "$NSPEEK" stack --json "$TARGET"
	if [ "$1" = yes ]; then
		assert_contains "$OUT" '"wait_for_work"'
		assert_contains "$OUT" '"accept_connections"'
	else
		assert_lacks "$OUT" wait_for_work
		assert_lacks "$OUT" accept_connections
	fi
}

mkdir -p "$HERE/.debug"
cp "$FIXTURES/container" "$HERE/program"
objcopy --only-keep-debug "$HERE/program" "$WORK/program.debug"
objcopy --remove-section=.note.gnu.build-id --strip-all "$HERE/program"
objcopy --add-gnu-debuglink="$WORK/program.debug" "$HERE/program"
run_stripped "$HERE/program"
target_before "$TARGET"
names_are no

# Wrong ones: another program's, and the right one with a byte more. A FIFO holds nobody.
objcopy --only-keep-debug "$FIXTURES/version_main" "$HERE/program.debug"
names_are no
{ cat "$WORK/program.debug"; echo; } >"$HERE/.debug/program.debug"
names_are no
rm "$HERE/.debug/program.debug"
mkfifo "$HERE/.debug/program.debug"
names_are lost

# The right one, behind a wrong one; and not if it is somebody's secret.
rm "$HERE/.debug/program.debug"
install -m 600 "$WORK/program.debug" "$HERE/.debug/program.debug"
names_are no
chmod 644 "$HERE/.debug/program.debug"
names_are yes
cp "$WORK/program.debug" "$HERE/program.debug"
rm "$HERE/.debug/program.debug"
names_are yes
rm "$HERE/program.debug"
names_are no
target_after "$TARGET"

# Below /usr/lib/debug of the target's mount namespace.
mkdir -p "$WORK/debug$HERE" /usr/lib/debug
cp "$WORK/program.debug" "$WORK/debug$HERE/program.debug"
# shellcheck disable=SC2016
run_stripped unshare --mount sh -ec 'mount --bind "$1" /usr/lib/debug; shift; exec "$@"' sh \
	"$WORK/debug" "$HERE/program"
names_are yes

# In a root of its own, where a link leads to a file of the host's only if it leaves that root.
make_root "$WORK/root"
cp "$HERE/program" "$WORK/root/bin/program"
run_stripped chroot "$WORK/root" /bin/program
ln -s "$WORK/program.debug" "$WORK/root/bin/program.debug"
names_are lost
rm "$WORK/root/bin/program.debug"
cp "$WORK/program.debug" "$WORK/root/program.debug"
ln -s /program.debug "$WORK/root/bin/program.debug"
names_are yes

# .gnu_debugdata: one that is none, one that is 200 MB, one that is inside another, and the right one.
with_debugdata() {
	objcopy --remove-section=.gnu_debuglink --add-section=.gnu_debugdata="$1" "$HERE/program" \
		"$HERE/$2" 2>/dev/null
	run_stripped "$HERE/$2"
}
printf 'no xz stream' >"$WORK/none"
with_debugdata "$WORK/none" none
names_are no
head -c 200M /dev/zero | xz -0 >"$WORK/bomb"
with_debugdata "$WORK/bomb" bomb
names_are no
xz -k "$WORK/program.debug"
with_debugdata "$WORK/program.debug.xz" right
names_are yes
xz <"$HERE/right" >"$WORK/nested"
with_debugdata "$WORK/nested" nested
names_are no
passed
