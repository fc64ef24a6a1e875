#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 1001 threads of 26 frames: every stack complete, and the same by the second engine, within the
# contract's memory; none is stopped when all are blocked. 10,000 threads: within 128 MiB, in time that grows with their number.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq
start target "$FIXTURES/pause_meter" 1000 26
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
target_before "$TARGET"
expect_status 0 "$NSPEEK" stack --json "$TARGET"
assert_eq "$(jq -c '.processes[0].threads | length' "$WORK/run.out")" 1001 "threads"
assert_eq "$(jq -c '[.processes[0].threads[].status] | unique' "$WORK/run.out")" '["complete"]' \
	"status"
assert_eq "$(jq -c '[.processes[0].threads[] | [.frames[].symbol | select(. == "descend")]
	| length] | unique' "$WORK/run.out")" '[26]' "frames of descend in each thread"

# Text merges the thousand that wait: two stacks, each frame once.
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_eq "$(printf '%s\n' "$OUT" | grep -c wait_for_ever)" 1 "stacks that wait"

# The second engine finds the same, which divides no group.
expect_status 0 "$NSPEEK" stack --verify "$TARGET"
assert_contains "$OUT" "verify: 1001 stacks agree, 0 differ, 0 could be compared in part only"
assert_eq "$(printf '%s\n' "$OUT" | grep -c wait_for_ever)" 1 "stacks that wait"

for option in --unique --verify; do
	read -r _ peak status < <("$FIXTURES/measure" 1 -- "$NSPEEK" stack "$option" "$TARGET")
	assert_eq "$status" 0 "status with $option"
	say "peak memory of one process of nspeek with $option: $peak KiB"
	((peak <= 65536)) || fail "peak memory is $peak KiB, more than 64 MiB"
done
target_after "$TARGET"
finish "$TARGET"

# blocked COUNT: a target of so many threads, all of which are blocked.
blocked() {
	start "target$1" "$FIXTURES/pause_meter" "$(($1 - 1))" 26 idle
	await_line "$WORK/target$1.out" '^READY'
	TARGET=$STARTED
	retry 10 has_state "$TARGET" S || fail "the target does not sleep"
}

# none_stopped COMMAND...: all of TARGET's threads are read, and the report says that none was stopped.
none_stopped() {
	local count
	count=$(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 | wc -l)
	expect_status 0 "$@" "$TARGET"
	assert_contains "$OUT" "$count threads, $count read without a stop "
	assert_contains "$OUT" " ms, 0 stopped; "
	assert_eq "$(printf '%s\n' "$OUT" | grep -c '^[0-9]* threads [0-9]')" 1 "stacks that differ"
}

DENY=$FIXTURES/deny
blocked 1001
target_before "$TARGET"
none_stopped "$NSPEEK" stack
none_stopped "$DENY" bpf=EPERM -- "$NSPEEK" stack
target_after "$TARGET"

# measured DENIED THREADS: MILLISECONDS, the shorter of three runs, and PEAK, in KiB.
measured() {
	local wall peak status i
	MILLISECONDS=999999
	for i in 1 2 3; do
		read -r wall peak status < <("$FIXTURES/measure" 1 -- "$DENY" "$1" -- "$NSPEEK" stack "$TARGET")
		assert_eq "$status" 0 "status with $2 threads without $1, round $i"
		((wall / 1000 >= MILLISECONDS)) || MILLISECONDS=$((wall / 1000))
		PEAK=$peak
	done
	say "$2 threads without $1: $MILLISECONDS ms, $PEAK KiB"
}

declare -A few
for denied in uselib=ENOSYS bpf=EPERM; do
	measured "$denied" 1001
	few[$denied]=$MILLISECONDS
done
finish "$TARGET"
MANY=10000
limit=$(cat /proc/sys/kernel/threads-max)
((limit > 2 * MANY)) || skip "$MANY threads (kernel.threads-max is $limit)"
blocked "$MANY"
none_stopped "$NSPEEK" stack
for denied in uselib=ENOSYS bpf=EPERM; do
	measured "$denied" "$MANY"
	((PEAK <= 131072)) || fail "peak memory is $PEAK KiB, more than 128 MiB"
	# Ten times as many: twice as long as that would be growing faster than their number.
	((MILLISECONDS <= 20 * few[$denied])) ||
		fail "$MILLISECONDS ms for $MANY threads, ${few[$denied]} ms for 1001"
done
# all_stopped POLICY: so the report says. A busy machine does not stop them all within the second
# after which the rest is read without it.
all_stopped() {
	expect_status 0 "$NSPEEK" stack --pause="$1" --timeout 50 "$TARGET"
	[[ $OUT == *"$MANY threads, $MANY stopped "* ]]
}
for policy in each all; do
	retry 30 all_stopped "$policy" || fail "under $policy: $(head -n 2 "$WORK/run.out")"
done
[ -z "$(threads_held "$TARGET")" ] || fail "threads are held: $(threads_held "$TARGET" | head -n 3)"
kill -0 "$TARGET" || fail "the target is dead"
passed
