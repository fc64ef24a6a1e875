#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Stacks that have overflowed are named as such, in text and JSON, and no others are.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq

# overflows MODE: OVERFLOWS is how many threads of the program in MODE are said to have overflowed,
# OUT their text.
overflows() {
	start "$1" "$FIXTURES/overflow" "$1"
	await_line "$WORK/$1.out" '^READY'
	retry 10 has_state "$STARTED" S || fail "it does not come to rest"
	target_before "$STARTED"
	run "$NSPEEK" stack --json "$STARTED"
	target_after "$STARTED"
	OVERFLOWS=$(jq '[.processes[0].threads[] | select(.stack_overflow != null)] | length' "$WORK/run.out")
	run "$NSPEEK" stack "$STARTED"
	finish "$STARTED"
}

for mode in thread main large; do
	overflows "$mode"
	assert_eq "$OVERFLOWS" 1 "threads of mode $mode that have overflowed"
	assert_contains "$OUT" "stack overflow: the stack pointer, 0x"
	assert_contains "$OUT" recurse
done
overflows none
assert_eq "$OVERFLOWS" 0 "threads that have overflowed without a reason to"
passed
