#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The second engine: --verify finds where it differs on a program whose call frame information lies,
# and nothing on others; and it steps in where the first engine's library knows no .debug_frame.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq

# odd MODE: starts that program as TARGET.
odd() {
	start "$1" "$FIXTURES/odd" "$1"
	TARGET=$STARTED
	await_line "$WORK/$1.out" '^READY'
	retry 10 has_state "$TARGET" S || fail "it does not come to rest"
	target_before "$TARGET"
}

# of_thread FILTER: of the only thread in the last JSON output.
of_thread() {
	jq -c ".processes[0].threads[0] | $1" "$WORK/run.out"
}

# On a program whose trampoline is the library's there is nothing to say.
start none "$FIXTURES/overflow" none
TARGET=$STARTED
await_line "$WORK/none.out" '^READY'
retry 10 has_state "$TARGET" S || fail "it does not come to rest"
target_before "$TARGET"
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_lacks "$OUT" "verify: "
expect_status 0 "$NSPEEK" stack --json -t "$TARGET" "$TARGET"
assert_eq "$(of_thread .verify)" null "a comparison that nobody asked for"
expect_status 0 "$NSPEEK" stack --verify --json -t "$TARGET" "$TARGET"
assert_eq "$(of_thread '.verify.result, .verify.frames == (.frames | length), .verify.reason')" \
	$'"same"\ntrue\nnull' "comparison"
expect_status 0 "$NSPEEK" stack --verify -t "$TARGET" "$TARGET"
assert_contains "$OUT" "verify: 1 stacks agree, 0 differ, 0 could be compared in part only"
assert_lacks "$OUT" "engines differ"
target_after "$TARGET"
finish "$TARGET"

# A frame that only an expression in .debug_frame finds, with the second engine's help.
odd expression
for option in --unique --verify; do
	expect_status 0 "$NSPEEK" stack --json "$option" "$TARGET"
	assert_eq "$(of_thread '[.frames[0:5][] | .symbol]')" \
		'["pause","stay","call_oddly","call_odd","main"]' "frames with $option"
	assert_eq "$(of_thread '[.frames[] | select(.symbol == "call_odd") | .via]')" '["debug-frame"]' \
		"how the caller was found with $option"
	assert_eq "$(of_thread .status)" '"complete"' "status with $option"
done
assert_eq "$(of_thread .verify.result)" '"same"' "comparison"
target_after "$TARGET"
finish "$TARGET"

# differs MODE: on that program's stack the engines do, at the frame that was interrupted.
differs() {
	local at second=null text="the chain ends"
	odd "$1"
	expect_status 0 "$NSPEEK" stack --json "$TARGET"
	assert_eq "$(of_thread .status)" '"complete"' "status of mode $1 without a comparison"
	expect_status 1 "$NSPEEK" stack --verify --json "$TARGET"
	at=$(of_thread '[.frames[].signal] | index(true) + 1')
	if [ "$1" = frame ]; then
		printf -v second '0x%x' $(($(of_thread ".frames[$at - 1].pc" | tr -d '"') + 1))
		printf -v text '0x%016x' "$second"
		second="\"$second\""
	fi
	assert_eq "$(of_thread .verify)" "$(of_thread "{result: \"differs\", frames: $at, pc: .frames[$at].pc,
		second_pc: $second, reason: null}")" "comparison of mode $1"
	expect_status 1 "$NSPEEK" stack --verify "$TARGET"
	assert_matches "$OUT" "verify: engines differ at #$at: 0x[0-9a-f]*, by the second one $text"
	assert_contains "$OUT" "verify: 0 stacks agree, 1 differ, 0 could be compared in part only"
	target_after "$TARGET"
	finish "$TARGET"
}
differs end
differs frame
passed
