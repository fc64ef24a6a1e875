#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What has no stack to print: numbers that can be no process's are usage errors (64), all others
# "none" (2), each with a clear line.
. "$(dirname "$0")/../support/lib.sh"

need_root
dead_pid

# refused STATUS WORD PART...
refused() {
	local status=$1 word=$2
	shift 2
	expect_status "$status" "$NSPEEK" stack -- "$word"
	assert_one_error "$@"
	[ -z "$word" ] || assert_contains "$ERR" "$word"
}

for word in 0 4294967297 18446744073709551617 1:x ""; do
	refused 64 "$word"
done
for word in -1 abc 12abc "1 " +1 0x1; do
	refused 2 "$word" "no container is called"
done
refused 2 "$DEAD_PID" "no process"
refused 2 2147483647 "no process"

# shellcheck disable=SC2016
expect_status 2 bash -c 'exec "$0" stack $$' "$NSPEEK"
assert_one_error itself

start zombie "$FIXTURES/container" zombie
await_line "$WORK/zombie.out" '^READY'
ZOMBIE=$(awk '/^ZOMBIE/ { print $2 }' "$WORK/zombie.out")
refused 2 "$ZOMBIE" zombie

# A zombie main thread with a live thread beside it has a stack to print.
need_tool jq
start leader "$FIXTURES/container" zombie-leader
await_line "$WORK/leader.out" '^READY'
await_state "$STARTED" Z
for policy in auto never each all; do
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$STARTED"
	assert_eq "$(jq -c '[.processes[0].threads[] | select(.status == "complete") | .frames[].symbol]
		| contains(["live_on"])' "$WORK/run.out")" true "the live thread's stack"
	assert_eq "$(jq -r ".processes[0].threads[] | select(.tid == $STARTED) | .reason" \
		"$WORK/run.out")" "it has exited (a zombie)" "reason for the main thread"
	[ -z "$(threads_held "$STARTED")" ] || fail "threads are held: $(threads_held "$STARTED")"
done

for words in "--pause=nonsense $STARTED" "--pause= $STARTED" "--pause=al $STARTED" "--no-such $STARTED" "" "-t x $STARTED" \
	"--max-frames 0 $STARTED" "--timeout x $STARTED" "--color=blue $STARTED"; do
	# shellcheck disable=SC2086
	expect_status 64 "$NSPEEK" stack $words
	assert_eq "$OUT" "" stdout
	assert_contains "$ERR" nspeek
done

KERNEL_THREAD=$(kernel_thread)
[ -n "$KERNEL_THREAD" ] || skip "a kernel thread (none can be seen from inside a PID namespace)"
refused 2 "$KERNEL_THREAD" "kernel thread"
passed
