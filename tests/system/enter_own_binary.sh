#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A container gets no hold of our own program: neither by a script whose interpreter is
# /proc/self/exe, nor by looking at what enters, so it can never write to the host's copy.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox strace
APP=$FIXTURES/container
SUM=$(sha256sum <"$NSPEEK")

# The container's root is not ours, so /proc/self/exe of a process from outside is a file of ours.
mkdir -p "$WORK/root"
make_root "$WORK/root"
add_busybox "$WORK/root"
printf '#!/proc/self/exe\n' >"$WORK/root/bin/trap"
chmod 755 "$WORK/root/bin/trap"
ln -s /proc/self/exe "$WORK/root/bin/own-link"
start_unshare --pid --mount --mount-proc --fork --root="$WORK/root" -- /bin/app init
target_before "$TARGET"

# The interpreter is what we run as at that moment: a file in memory that cannot be written to.
expect_status 126 "$NSPEEK" "$TARGET" -- /bin/trap
assert_contains "$ERR" "a part of nspeek, no program to run"
# What we run as when the command is searched for is out of the container's sight.
expect_status 127 "$NSPEEK" "$TARGET" -- /bin/own-link

# A command that waits for its execve, and its parent, seen from inside by PID.
ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=execve -e inject=execve:delay_enter=2000000 \
	"$NSPEEK" "$TARGET" -- app exit 0 >"$WORK/strace.out" 2>&1 &
STRACE=$!
# shellcheck disable=SC2317
two_beside() {
	[ "$(processes_beside "$TARGET" | wc -l)" -ge 3 ]
}
retry 10 two_beside || fail "no process waits for its execve"
for path in $(processes_beside "$TARGET"); do
	pid=${path#/proc/}
	pid=${pid%%/*}
	[ "$pid" != "$TARGET" ] || continue
	exe=$(readlink "/proc/$pid/exe")
	case $exe in
	/memfd:nspeek*) ;;
	*) fail "process $pid of the container runs $exe" ;;
	esac
	# As root of the host, with all power: the seals hold.
	! (exec 8<>"/proc/$pid/exe") 2>/dev/null || fail "the file in memory of $pid can be opened for writing"
	# Nothing of the host is open there, in its memory, or its words.
	assert_lacks "$(ls -l "/proc/$pid/fd")" "$WORK/nspeek"
	assert_lacks "$(cat "/proc/$pid/maps")" "$WORK/nspeek"
	assert_eq "$(find "/proc/$pid/fd" -lname '/proc*' -o -lname 'mnt:*' -o -lname 'pid:*' | wc -l)" 0 \
		"fds of the host's in $pid"
done
wait "$STRACE"

# Where no file in memory may be executed, a nameless one serves.
for errno in EACCES ENOSYS; do
	expect_status 0 "$FIXTURES/deny" "memfd_create=$errno" -- "$NSPEEK" "$TARGET" -- app exit 0
	expect_status 126 "$FIXTURES/deny" "memfd_create=$errno" -- "$NSPEEK" "$TARGET" -- /bin/trap
done
assert_eq "$(sha256sum <"$NSPEEK")" "$SUM" "our own program"
target_after "$TARGET"
passed
