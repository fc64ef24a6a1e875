#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Deadlocks of the GNU C library's mutexes in a container: cycles of two and of three threads, and a
# thread with itself; none where threads wait for each other by turns.
. "$(dirname "$0")/../support/lib.sh"

PROGRAM=$FIXTURES/waits-static
start_runc /bin/app deadlock 23

# blocked N: N threads wait in futex(2).
blocked() {
	[ "$(awk '$1 == 202 || $1 == 98' /proc/"$TARGET"/task/*/syscall 2>/dev/null | wc -l)" = "$1" ]
}
retry 10 blocked 5 || fail "the threads do not wait"
target_before "$TARGET"

for policy in auto never each all; do
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$TARGET"
	cp "$WORK/run.out" "$WORK/json"
	assert_eq "$(jq -c '[.processes[0].threads[] | select(.waits_for) |
		[.name, .waits_for.kind, .waits_for.owner.name]] | sort' "$WORK/json")" \
		'[["cycle-0","mutex","cycle-1"],["cycle-1","mutex","cycle-0"],["cycle-2","mutex","cycle-3"],["cycle-3","mutex","cycle-4"],["cycle-4","mutex","cycle-2"]]' \
		"who waits for whom, by $policy"
	assert_eq "$(jq -c '.processes[0] | [.threads[] | {(.tid | tostring): .name}] as $names |
		($names | add) as $name | [.findings[] | [.kind, (.threads | map($name[tostring]) | sort)]]' \
		"$WORK/json")" \
		'[["deadlock",["cycle-0","cycle-1"]],["deadlock",["cycle-2","cycle-3","cycle-4"]]]' \
		"the deadlocks, by $policy"
	# Both ids of an owner are those of its thread.
	assert_eq "$(jq -c '.processes[0] | [.threads[] | [.name, .tid, .ns_tid]] as $all |
		[.threads[].waits_for.owner | select(.) | [.name, .tid, .ns_tid]] - $all' \
		"$WORK/json")" '[]' "owners that are no threads"
done

# The header names the cycle; each thread says what it waits for.
expect_status 0 "$NSPEEK" stack --no-unique "$TARGET"
first=$(jq -r '.processes[0].threads[] | select(.name == "cycle-0") | .tid' "$WORK/json")
assert_matches "$OUT" $'\n''deadlock: thread [0-9]+ \([0-9]+ inside\) "cycle-[01]" waits for mutex 0x[0-9a-f]+, held by thread [0-9]+ \([0-9]+ inside\) "cycle-[01]", which waits for mutex 0x[0-9a-f]+, held by thread [0-9]+ \([0-9]+ inside\) "cycle-[01]"'$'\n'
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^deadlock: ')" 2 "lines with deadlocks"
assert_matches "$OUT" $'\n'"     waits for mutex 0x[0-9a-f]+, held by thread $first \\([0-9]+ inside\\) \"cycle-0\""$'\n'

# A thread of the cycle by itself has no cycle to show, and an owner by its id inside.
expect_status 0 "$NSPEEK" stack --thread "$first" "$TARGET"
assert_lacks "$OUT" deadlock
assert_matches "$OUT" 'waits for mutex 0x[0-9a-f]+, held by [0-9]+ inside'$'\n'

# Kept, the finding is what it was.
expect_status 0 "$NSPEEK" stack --no-inlines --save "$WORK/kept" "$TARGET"
saved=$OUT
expect_status 0 "$NSPEEK" stack --load "$WORK/kept"
assert_eq "$(printf '%s\n' "$OUT" | grep -v '^loaded from ')" "$saved" "what is loaded"
assert_contains "$OUT" "deadlock: "
target_after "$TARGET"

# With itself; a dynamic program.
start self "$FIXTURES/waits-dynamic" self
TARGET=$STARTED
retry 10 blocked 1 || fail "the thread does not wait"
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_matches "$OUT" $'\n''deadlock: thread [0-9]+ "waits-dynamic" waits for mutex 0x[0-9a-f]+, held by itself'$'\n'
finish "$TARGET"

# Two threads that wait for each other, but never both: whenever each is looked at, it may look like a
# deadlock.
start turns "$FIXTURES/waits-dynamic" handover
await_line "$WORK/turns.out" '^READY'
TARGET=$STARTED
waits=0
for ((i = 0; i < 60; i++)); do
	policies=(auto never each all)
	run "$NSPEEK" stack --pause="${policies[i % 4]}" "$TARGET"
	assert_lacks "$OUT" "deadlock"
	[[ $OUT != *"waits for mutex"* ]] || waits=$((waits + 1))
done
((waits > 0)) || fail "no thread was seen waiting for its mutex"
kill -0 "$TARGET" || fail "the target is dead"
passed
