#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is no target: each a clear error of one line and status 125.
. "$(dirname "$0")/../support/lib.sh"

need_root
APP=$FIXTURES/container
dead_pid

refused() {
	local word=$1
	shift
	expect_status 125 "$NSPEEK" -- "$word" "$APP" echo reached
	assert_one_error "$@"
	[ -z "$word" ] || assert_contains "$ERR" "$word"
}

refused 0
refused -1
refused 4294967297
refused 18446744073709551617
refused abc
refused 12abc
refused "1 "
refused +1
refused 0x1
refused ""
refused "$DEAD_PID" "no process"
refused 2147483647 "no process"
expect_status 125 "$NSPEEK" -1 "$APP" echo reached
assert_eq "$OUT" "" stdout

# Ourselves: the shell becomes nspeek, which has its PID.
# shellcheck disable=SC2016
expect_status 125 bash -c 'exec "$0" $$ -- true' "$NSPEEK"
assert_one_error itself

# A process that is dead, and that its parent has not reaped.
start zombie "$APP" zombie
await_line "$WORK/zombie.out" '^READY'
ZOMBIE=$(awk '/^ZOMBIE/ { print $2 }' "$WORK/zombie.out")
assert_eq "$(state_of "$ZOMBIE")" Z "the zombie's state"
refused "$ZOMBIE" zombie

# One whose main thread is dead, but another thread lives, is a good one.
start leader unshare --uts "$APP" zombie-leader
await_line "$WORK/leader.out" '^READY'
await_state "$STARTED" Z
TARGET=$STARTED
assert_ne "$(readlink "/proc/$TARGET/task/$TARGET/ns/uts" 2>&1)" "x"
live=$(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vx "$TARGET")
expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" ns
assert_contains "$OUT" "uts $(stat -Lc %i "/proc/$TARGET/task/$live/ns/uts")"
assert_ne "$(stat -Lc %i "/proc/$TARGET/task/$live/ns/uts")" "$(stat -Lc %i /proc/self/ns/uts)"
[ -z "$(threads_held "$TARGET")" ] || fail "threads are held: $(threads_held "$TARGET")"

# A kernel thread.
KERNEL_THREAD=$(kernel_thread)
[ -n "$KERNEL_THREAD" ] || skip "a kernel thread (none can be seen from inside a PID namespace)"
refused "$KERNEL_THREAD" "kernel thread"
passed
