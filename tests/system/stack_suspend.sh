#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nspeek suspended by a key of the terminal while it takes stacks: the target goes on, its threads
# are not held for as long as the user is away. And a signal that was being delivered when nspeek
# was killed arrives.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool setsid
start target "$FIXTURES/pause_meter" 499 26 idle
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
target_before "$TARGET"

nothing_held() {
	[ -z "$(threads_held "$TARGET")" ]
}

suspended=0
for ((i = 0; i < 20; i++)); do
	# A process group of its own, as a shell's job has it; setsid becomes nspeek.
	setsid "$NSPEEK" stack --pause=all --json "$TARGET" >/dev/null 2>&1 &
	job=$!
	sleep "$(printf '0.%03d' $((1 + i)))"
	kill -STOP "$job" 2>/dev/null || true
	kill -TSTP -- "-$job" 2>/dev/null || true
	retry 2 nothing_held || fail "suspended, it holds: $(threads_held "$TARGET" | head -n 3)"
	! grep -qs '^State:.*T (stopped)' "/proc/$job/status" || suspended=$((suspended + 1))
	kill -CONT "$job" 2>/dev/null || true # setsid, if it was stopped before it led a group
	kill -CONT -- "-$job" 2>/dev/null || true
	wait "$job" || true
done
say "suspended $suspended times"
((suspended > 0)) || fail "no run was suspended"
target_after "$TARGET"
passed
