#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What stands in place of a debug file, or of a library that is opened by its path: a FIFO, a device, a directory, a
# loop of links, a link out of the root; a debug link that leads up. Nothing is waited for, nothing of the host's is opened,
# and the exit status is 1.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq strace strip objcopy chroot
SECRET=$WORK/secret
echo "of the host" >"$SECRET"

query() {
	jq -r "$1" "$WORK/run.out"
}

# A program without names in a root of its own, whose debug file is looked for beside it, in .debug and below /usr/lib/debug.
ROOT=$WORK/root
make_root "$ROOT"
strip -s -o "$ROOT/bin/app" "$FIXTURES/container"

# run_linked LINK: TARGET runs the program with that debug link, whatever is in it.
run_linked() {
	[ -z "${TARGET:-}" ] || finish "$TARGET"
	printf '%s\0\0\0\0' "$1" >"$WORK/link"
	truncate -s %4 "$WORK/link"
	printf 'crc!' >>"$WORK/link"
	objcopy --add-section=.gnu_debuglink="$WORK/link" "$ROOT/bin/app" "$ROOT/bin/linked"
	start linked chroot "$ROOT" /bin/linked threads 1
	await_line "$WORK/linked.out" '^READY'
	TARGET=$STARTED
	await_state "$TARGET" S
}

# has_lost WHY: the stacks come at once, without names, which is said. WHY empty: there were none to be lost.
has_lost() {
	expect_status "$([ -n "$1" ] && echo 1 || echo 0)" timeout 4 "$NSPEEK" stack --json "$TARGET"
	assert_lacks "$OUT" wait_for_work
	assert_eq "$(query '.processes[0].threads[].status' | sort -u)" complete "the stacks"
	assert_eq "$(query '.processes[0].left_out[].reason')" "$1" "what is said"
}

# opens_nothing WHY: the same, and no file is opened for it but the target's, in its root, and what nspeek itself needs.
opens_nothing() {
	has_lost "$1"
	run env ASAN_OPTIONS=detect_leaks=0 timeout 20 strace -f -y -o "$WORK/trace" -e trace=open,openat,openat2,execve,execveat \
		"$NSPEEK" stack "$TARGET"
	assert_eq "$STATUS" "$([ -n "$1" ] && echo 1 || echo 0)" "status under strace"
	! grep -F -e secret -e /etc/shadow "$WORK/trace" | grep -v ENOENT | grep -qv EXDEV ||
		fail "opened: $(grep -F -e secret -e /etc/shadow "$WORK/trace")"
	# The worker alone runs as nobody: it opens /dev/null before it is one, and nothing after.
	assert_lacks "$(grep -E 'O_WRONLY|O_CREAT|O_TRUNC' "$WORK/trace" || true)" open
}

for link in ../../../../../../../..$SECRET "$SECRET" ../../../etc/shadow . .. "" "$(printf 'a%.0s' {1..5000})"; do
	run_linked "$link"
	opens_nothing "its debug link is broken, or leads out of its directory"
done
# A name, which no file has.
run_linked $'\e[31m\n'
opens_nothing ""

run_linked app.debug
target_before "$TARGET"
PLACES=("$ROOT/bin/app.debug" "$ROOT/bin/.debug/app.debug" "$ROOT/usr/lib/debug/bin/app.debug")
mkdir -p "$ROOT/bin/.debug" "$ROOT/usr/lib/debug/bin"
for place in "${PLACES[@]}"; do
	for make in "mkfifo -m 644" "mkdir -p" "ln -s $place" "ln -s ../../../../../..$SECRET" "ln -s $SECRET" \
		"ln -s /proc/self/exe" "mknod -m 644 P c 1 5"; do
		rm -rf "$place"
		if [[ $make == mknod* ]]; then
			mknod -m 644 "$place" c 1 5
		else
			$make "$place"
		fi
		has_lost "where its debug file should be is something else"
	done
	opens_nothing "where its debug file should be is something else"
	assert_contains "$(cat "$WORK/trace")" app.debug
	rm -rf "$place"
done
target_after "$TARGET"
finish "$TARGET"

# In place of a library, where map_files is not ours: an ordinary user.
make_user
mkdir -m 755 "$WORK/lib"
LIB=$WORK/lib/libnspeekversion.so.1
cp "$FIXTURES/version/container/libnspeekversion.so.1" "$LIB"
cp "$FIXTURES/version_main" "$WORK/main"
start own "${AS_USER[@]}" env LD_LIBRARY_PATH="$WORK/lib" "$WORK/main"
await_line "$WORK/own.out" '^READY'
TARGET=$STARTED
expect_status 0 "${AS_USER[@]}" "$NSPEEK" stack --json "$TARGET"
assert_contains "$OUT" inner_of_container

# without_library HOW: nothing is waited for, and nothing taken from what is there now.
without_library() {
	expect_status 1 timeout 4 "${AS_USER[@]}" "$NSPEEK" stack --json "$TARGET"
	assert_lacks "$OUT" inner_of_container
}

# Over it,
mkfifo -m 666 "$WORK/fifo"
for over in "$WORK/fifo" /dev/zero "$SECRET"; do
	mount --bind "$over" "$LIB"
	defer umount "$LIB"
	without_library "$over over it"
	umount "$LIB"
done
# and instead of it.
for make in "mkfifo -m 666" "mkdir" "ln -s $LIB" "ln -s /dev/zero" "ln -s $SECRET"; do
	rm -rf "$LIB"
	$make "$LIB"
	without_library "$make"
done
passed
