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
	# A process group of its own, as a shell's job has it.
	setsid -w "$NSPEEK" stack --pause=all --json "$TARGET" >/dev/null 2>&1 &
	job=$!
	sleep "0.0$((10 + i * 2))"
	leader=$(pgrep -P "$job" -x nspeek || echo "$job")
	kill -STOP -- "$leader" 2>/dev/null || true
	kill -TSTP -- "-$leader" 2>/dev/null || true
	retry 2 nothing_held || fail "suspended, it holds: $(threads_held "$TARGET" | head -n 3)"
	! grep -qs '^State:.*T (stopped)' "/proc/$leader/status" || suspended=$((suspended + 1))
	kill -CONT -- "-$leader" 2>/dev/null || true
	kill -CONT "$leader" 2>/dev/null || true
	wait "$job" || true
done
say "suspended $suspended times"
((suspended > 0)) || fail "no run was suspended"
target_after "$TARGET"
passed
