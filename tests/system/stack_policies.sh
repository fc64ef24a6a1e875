#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --pause=: what each policy stops, and that all find the same frames.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq

query() {
	jq -c "$1" "$WORK/run.out"
}

frames() {
	query '[.processes[0].threads[] | {tid, name, ns_tid, status, syscall: .syscall.name,
		frames: [.frames[] | {pc, symbol}]}] | sort_by(.tid)'
}

# Blocked threads: nothing is stopped where that need not be.
start target "$FIXTURES/container" threads 5
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
retry 10 has_state "$TARGET" S || fail "the target does not sleep"
target_before "$TARGET"
expect_status 0 "$NSPEEK" stack --pause=all --json "$TARGET"
WANTED=$(frames)
assert_contains "$WANTED" wait_for_work
for row in "auto no-stop" "never no-stop" "each stop" "all stop"; do
	read -r policy method <<<"$row"
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$TARGET"
	assert_eq "$(frames)" "$WANTED" "the stacks by $policy"
	assert_eq "$(query '[.processes[0].threads[].method] | unique')" "[\"$method\"]" "by $policy"
	assert_eq "$(query .processes[0].capture.pause)" "\"$policy\"" "the policy"
	if [ "$method" = stop ]; then
		wanted=true
	else
		wanted=false
	fi
	assert_eq "$(query '.processes[0].capture.paused_us > 0')" "$wanted" "paused by $policy"
	assert_eq "$(query '[.processes[0].threads[].pause_us > 0] | unique')" "[$wanted]" \
		"threads paused by $policy"
	assert_eq "$(query '.processes[0].capture.window_us > 0')" true "the window"
done
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_matches "$OUT" '6 threads, 6 read without a stop \([a-z/ ]+\) in [0-9.]+ ms, 0 stopped; '
expect_status 0 "$NSPEEK" stack --pause=each "$TARGET"
assert_matches "$OUT" '6 threads, 6 stopped one at a time, for [0-9.]+ ms at most; '
expect_status 0 "$NSPEEK" stack --pause=all "$TARGET"
assert_matches "$OUT" '6 threads, 6 stopped together for [0-9.]+ ms; '

# Some threads, and one by its own id.
TID=$(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -n 1)
for policy in auto never each all; do
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json -t "$TID" "$TARGET"
	assert_eq "$(query '[.processes[0].threads[].tid]')" "[$TID]" "the chosen thread by $policy"
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$TID"
	assert_eq "$(query '.processes[0] | [.pid, (.threads | length)]')" "[$TARGET,6]" \
		"a thread id as target by $policy"
done
target_after "$TARGET"

# One that never sleeps: stopped, alone, or said to be missing.
start meter "$FIXTURES/pause_meter" 3 5
await_line "$WORK/meter.out" '^READY'
TARGET=$STARTED
target_before "$TARGET"
expect_status 0 "$NSPEEK" stack --json "$TARGET"
assert_eq "$(query '[.processes[0].threads[] | select(.tid == '"$TARGET"') | .method, .status]')" \
	'["stop","complete"]' "the spinning thread"
assert_eq "$(query '[.processes[0].threads[] | select(.tid != '"$TARGET"') | .method] | unique')" \
	'["no-stop"]' "the others"
assert_eq "$(query '[.processes[0].threads[] | select(.tid != '"$TARGET"') | .pause_us] | unique')" \
	'[0]' "pause of the others"
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_contains "$OUT" ", 1 stopped one at a time, for "
run "$NSPEEK" stack --pause=never --json "$TARGET"
((STATUS <= 1)) || fail "status $STATUS: $ERR"
# On a busy machine it is found off its CPU now and then, which is as good.
[ "$STATUS" = 0 ] || assert_eq "$(query '[.processes[0].threads[] | select(.tid == '"$TARGET"')
	| .method, .reason]')" '["none","it ran whenever it was looked at, and was not to be stopped"]' \
	"the spinning thread by never"
assert_eq "$(query '[.processes[0].threads[].pause_us] | unique')" '[0]' "pauses by never"
target_after "$TARGET"
passed
