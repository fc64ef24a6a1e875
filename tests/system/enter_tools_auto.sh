#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whose program COMMAND is, by default: the container's if it can be started there, else the host's,
# with one line about it; and with --tools=never.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox python3 strace
make_root "$WORK/root"
add_busybox "$WORK/root"
mkdir -p "$WORK/root/usr/bin" "$WORK/root/srv"
NOTE=": the host's is used (container files at /run/target)"
start_unshare --mount --pid --uts --fork -- env -i PATH=/bin:/usr/bin "$(command -v setpriv)" \
	--bounding-set=-sys_ptrace "$(command -v chroot)" "$WORK/root" /bin/app init
target_before "$TARGET"
BOUND=$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")
OURS=$(awk '/^CapEff/ { print $2 }' /proc/self/status)
SCRIPT='#!/bin/busybox sh
echo theirs; exec /bin/busybox grep CapEff /proc/self/status'

# plant FILE: as one of the container's that says so.
plant() {
	printf '%s\n' "$SCRIPT" >"$WORK/root$1"
	chmod 755 "$WORK/root$1"
}

# is_theirs WORDS...: the container's program runs, with the container's power; nothing is said.
is_theirs() {
	expect_status 0 "$NSPEEK" "$TARGET" -- "$@"
	assert_eq "$ERR" "" "stderr of $*"
	assert_contains "$OUT" theirs
}

# is_ours SAID WORDS...: the host's does, with ours; one line is said.
is_ours() {
	local said=$1
	shift
	expect_status 0 "$NSPEEK" "$TARGET" -- "$@"
	assert_eq "$ERR" "nspeek: $said$NOTE" "stderr of $*"
	assert_lacks "$OUT" theirs
}

is_ours "strace is not in the container" strace -V
is_ours "/usr/bin/strace is not in the container" /usr/bin/strace -V
is_ours "grep is not in the container" grep CapEff /proc/self/status
assert_contains "$OUT" "$OURS"
assert_ne "$OURS" "$BOUND" "the target's bounding set"
plant /usr/bin/strace
nsenter --mount="/proc/$TARGET/ns/mnt" --pid="/proc/$TARGET/ns/pid" \
	mount -t proc none "$WORK/root/proc" || fail "mounting the container's /proc"
target_before "$TARGET"
is_theirs strace
assert_contains "$OUT" "$BOUND"
is_theirs /usr/bin/strace
is_theirs /bin/../usr/bin/strace

# What is there, but cannot be started.
plant /usr/bin/python3
sed -i '1s,.*,#!/usr/bin/absent,' "$WORK/root/usr/bin/python3"
is_ours "python3 cannot be started in the container (there is no /usr/bin/absent)" python3 -c 'print(1)'
cp "$FIXTURES/measure" "$WORK/root/usr/bin/strace"
expect_status 0 "$NSPEEK" "$TARGET" -- strace -V
assert_contains "$ERR" "strace cannot be started in the container (there is no /lib64/ld-linux"
# And the host has none of the name: what is wrong in the container is said.
mv "$WORK/root/usr/bin/python3" "$WORK/root/usr/bin/only-theirs"
expect_status 126 "$NSPEEK" "$TARGET" -- only-theirs
assert_one_error /usr/bin/absent

# Neither: all places are named.
expect_status 127 env PATH=/usr/sbin:/root/x:/usr/bin "$NSPEEK" "$TARGET" -- no-such-tool
assert_one_error "\`no-such-tool\` was not found in the container: searched /bin, /usr/bin; \`no-such-tool\` was not found among the host's tools: searched /usr/sbin, /usr/bin"
expect_status 127 "$NSPEEK" "$TARGET" -- /no/such/tool
assert_one_error "there is no /no/such/tool in the container; there is no /no/such/tool among the host's tools"
# A relative path is one of the container's.
expect_status 127 "$NSPEEK" "$TARGET" -- usr/bin/gdb
assert_one_error "there is no usr/bin/gdb in the container"
assert_lacks "$ERR" "host"

# Without the mount namespace there is no view, and --tools=never has none.
expect_status 0 "$NSPEEK" -p "$TARGET" -- grep CapEff /proc/self/status
assert_lacks "$ERR" "$NOTE"
rm "$WORK/root/usr/bin/strace"
expect_status 127 "$NSPEEK" --tools=never "$TARGET" -- strace -V
assert_one_error "\`strace\` was not found in the container: searched /bin, /usr/bin"
assert_lacks "$ERR" "host"
expect_status 127 "$NSPEEK" --tools=never "$TARGET"
assert_one_error "no shell was found in the container: searched /bin/sh"

# A shell.
shell_says() {
	printf '%s\n' 'echo $0 $PWD; exit 4' >"$WORK/script"
	# shellcheck disable=SC2016
	expect_status 4 bash -c '"$0" "$1" <"$2"' "$NSPEEK" "$TARGET" "$WORK/script"
	assert_eq "$OUT" "$1" "the shell"
}
SHELL=/bin/bash shell_says "bash /"
assert_eq "$ERR" "nspeek: a shell is not in the container$NOTE"
SHELL=/no/such/shell shell_says "sh /"
ln -s busybox "$WORK/root/bin/sh"
shell_says "sh /"
assert_eq "$ERR" ""
# -v says whose rule it is.
expect_status 0 "$NSPEEK" -v "$TARGET" -- sh -c :
assert_contains "$ERR" "identity rule 1"
expect_status 0 "$NSPEEK" -v "$TARGET" -- strace -V
assert_contains "$ERR" "identity rule 2"

# A container that swaps its program while it is looked for: it runs with the container's power, or
# not at all.
plant /usr/bin/strace
(
	while :; do
		mv "$WORK/root/usr/bin/strace" "$WORK/root/usr/bin/hidden"
		mv "$WORK/root/usr/bin/hidden" "$WORK/root/usr/bin/strace"
	done
) &
SWAPPER=$!
defer kill -KILL "$SWAPPER"
planted=0 absent=0
for ((i = 0; i < 100; i++)); do
	run "$NSPEEK" "$TARGET" -- strace -V
	if [[ $OUT == *theirs* ]]; then
		assert_contains "$OUT" "$BOUND"
		assert_lacks "$OUT" "$OURS"
		planted=$((planted + 1))
	elif [ "$STATUS" = 0 ]; then
		assert_contains "$OUT" "strace -- version"
		absent=$((absent + 1))
	elif [[ $ERR != *"can't open"* ]]; then # the interpreter, by then the script was gone
		assert_matches "$STATUS" '^12[67]$'
	fi
done
((planted > 0 && absent > 0)) || fail "one side never ran: $planted and $absent of 100"
finish "$SWAPPER"
target_after "$TARGET"
passed
