#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `stack_kill.sh POLICY`: SIGKILL of nspeek at many moments while it takes the stacks of a process of
# 100 threads by that policy: the target lives, none of its threads is left stopped or traced.
. "$(dirname "$0")/../support/lib.sh"

need_root
POLICY=$1
THREADS=100
start target "$FIXTURES/pause_meter" $((THREADS - 1)) 26
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
assert_eq "$(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 | wc -l)" "$THREADS" "threads"
target_before "$TARGET"

# The length of a run, in microseconds: the third of nine, since others may be busy.
LENGTH=$(for _ in 1 2 3 4 5 6 7 8 9; do
	begin=${EPOCHREALTIME/./}
	"$NSPEEK" stack --pause="$POLICY" --json "$TARGET" >"$WORK/stack" || [ "$POLICY" = never ] || fail "a plain run: $?"
	echo $((${EPOCHREALTIME/./} - begin))
done | sort -n | sed -n 3p)

# wait_us N: without starting a program, which would take longer than the shortest waits.
exec {never}<> <(:)
wait_us() {
	read -r -t "$(printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000)))" -u "$never"
}

# Whether the first thread is traced just now.
is_traced() {
	local key value
	while read -r key value; do
		[ "$key" != TracerPid: ] || { [ "$value" != 0 ] && return; }
	done <"/proc/$TARGET/status"
	return 1
}

nothing_held() {
	[ -z "$(threads_held "$TARGET")" ]
}

MOMENTS=150
held=0 ended=0
for ((i = 0; i < MOMENTS; i++)); do
	"$NSPEEK" stack --pause="$POLICY" --json "$TARGET" >/dev/null 2>&1 &
	victim=$!
	wait_us $((LENGTH * i / MOMENTS))
	! is_traced || held=$((held + 1))
	kill -KILL "$victim" 2>/dev/null
	wait "$victim" 2>/dev/null
	[ $? = 137 ] || ended=$((ended + 1))
	if ((i % 10 == 9)); then
		retry 3 nothing_held || fail "threads are held: $(threads_held "$TARGET")"
	fi
done
# The moments are the right ones: some fell into the pause, and many runs were cut short.
say "$MOMENTS kills within $LENGTH us: $held during a pause, $ended after the end"
[ "$POLICY" != all ] || ((held > 0)) || fail "no kill fell into a pause"
((ended < MOMENTS * 2 / 3)) || fail "$ended of $MOMENTS runs had ended before they were killed"
target_after "$TARGET"

# It runs on: its clock still turns.
kill -USR1 "$TARGET"
await_line "$WORK/target.out" '^GAP '
expect_status 0 "$NSPEEK" stack --json --pause=all "$TARGET"
passed
