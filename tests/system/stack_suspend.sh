#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nspeek suspended by a key of the terminal while it takes stacks: the target goes on, its threads
# are not held for as long as the user is away. And a signal that was being delivered when nspeek
# was killed arrives.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool setsid strace
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

# A key that comes while the helper leaves the job's group does not stop it outside, where nobody
# would continue it.
is_over() {
	! kill -0 "$job" 2>/dev/null
}
# One of its children is in setpgid(2): its number is 109 on x86-64, 154 on aarch64.
is_leaving() {
	local pid
	for pid in $(pgrep -P "$job"); do
		! grep -qsE '^(109|154) 0x0 0x0 ' "/proc/$pid/syscall" || return 0
	done
	return 1
}
start suspended setsid env ASAN_OPTIONS=detect_leaks=0 strace -DDD -f -qq -o "$WORK/trace" -e trace=setpgid \
	-e inject=setpgid:delay_enter=1000000 "$NSPEEK" stack --pause=all --json "$TARGET"
job=$STARTED
retry 10 is_leaving || fail "no helper leaves the group"
kill -TSTP -- "-$job"
retry 10 grep -qsE 'setpgid.*= 0' "$WORK/trace" || fail "the helper does not leave it"
sleep 0.1
kill -CONT -- "-$job"
retry 10 is_over || fail "it hangs: $(cat "/proc/$job/status")"
wait "$job" || fail "status $?"
assert_eq "$(jq '.processes[0].threads | length' "$WORK/suspended.out")" 500 "threads"
target_after "$TARGET"
passed
