#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debug information that is a bomb, or damaged: the names of functions still come, of that program and
# of all others, the stack is whole, and what was not read is said and makes the exit status 1.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool gcc objcopy python3 nm strip jq
BOMBS=$SUPPORT/debug_bombs.py
gcc -O2 -gdwarf-4 -no-pie -o "$WORK/program" "$TREE/tests/fixtures/inlined.c" || fail "gcc does not build"
mkdir "$WORK/bombs" "$WORK/damaged"
python3 "$BOMBS" "$WORK/program" "$WORK/bombs" || fail "no bombs"

# expect_note NAME NOTE: what is said of bomb NAME, with and without lines.
expect_note() {
	local file=$WORK/bombs/$1 lines
	start "bomb_$1" "$file"
	await_line "$WORK/bomb_$1.out" READY
	await_state "$STARTED" S
	target_before "$STARTED"
	for lines in -l "${@:3}"; do
		expect_status 1 "$NSPEEK" stack "$lines" --timeout=60 "$STARTED"
		assert_contains "$OUT" "outer+0x"
		assert_contains "$OUT" "main+0x"
		assert_matches "$OUT" ' pause\+0x[^ ]+ .*in /'
		assert_contains "$OUT" "note: $file: $2"
	done
	expect_status 1 "$NSPEEK" stack -l --json --timeout=60 "$STARTED"
	assert_eq "$(jq -r '.processes[0] | (.left_out[] | .module, .reason), .threads[0].status' "$WORK/run.out")" \
		"$file"$'\n'"$2"$'\ncomplete' "what is left out"
	# Nothing is missing of what was not asked for.
	expect_status 0 "$NSPEEK" stack --no-inlines "$STARTED"
	assert_lacks "$OUT" "note: $file"
	target_after "$STARTED"
	finish "$STARTED"
}

LARGE="its debug information is too large to be read"
BROKEN="its debug information is broken"
for name in deep deep_inlined abbrevs ranges; do
	expect_note "$name" "$LARGE" --unique
done
# Line numbers, and what is compressed and large, are read only when lines are asked for.
for name in lines packed; do
	expect_note "$name" "$LARGE"
done
for name in cyclic foreign endless wide units spec name; do
	expect_note "$name" "$BROKEN" --unique
done

# That there is none is no damage.
strip -g -o "$WORK/without" "$WORK/program"
start without "$WORK/without"
await_line "$WORK/without.out" READY
await_state "$STARTED" S
expect_status 0 "$NSPEEK" stack -l "$STARTED"
assert_lacks "$OUT" "note: $WORK/without"
finish "$STARTED"

# Damaged in any way it ends nothing but itself.
python3 "$BOMBS" "$WORK/program" "$WORK/damaged" 300 || fail "no damage"
nm "$WORK/program" | awk '$2 ~ /[tT]/ { print $1 }' >"$WORK/addresses"
for file in "$WORK"/damaged/*; do
	timeout 60 "$FIXTURES/../unit/positions_of" "$file" <"$WORK/addresses" >/dev/null 2>"$WORK/positions.err" ||
		fail "positions_of ended with $? at $file: $(head -c 500 "$WORK/positions.err")"
done
passed
