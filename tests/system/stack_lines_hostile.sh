#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debug information that is a bomb, or damaged: the names of functions still come, of that program and
# of all others, the stack is whole, and what was not read is said.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool gcc objcopy python3 nm
BOMBS=$SUPPORT/debug_bombs.py
gcc -O2 -gdwarf-4 -no-pie -o "$WORK/program" "$TREE/tests/fixtures/inlined.c" || fail "gcc does not build"
mkdir "$WORK/bombs" "$WORK/damaged"
python3 "$BOMBS" "$WORK/program" "$WORK/bombs" || fail "no bombs"

# expect_note NAME NOTE: what is said of bomb NAME; nothing when NOTE is empty.
expect_note() {
	local file=$WORK/bombs/$1
	start "bomb_$1" "$file"
	await_line "$WORK/bomb_$1.out" READY
	await_state "$STARTED" S
	target_before "$STARTED"
	expect_status 0 "$NSPEEK" stack -l --timeout=60 "$STARTED"
	assert_contains "$OUT" "outer+0x"
	assert_contains "$OUT" "main+0x"
	assert_matches "$OUT" ' pause\+0x[^ ]+ .*in /'
	if [ -n "$2" ]; then
		assert_contains "$OUT" "note: $file: $2"
	else
		assert_lacks "$OUT" "note: $file"
	fi
	target_after "$STARTED"
	finish "$STARTED"
}

LARGE="its debug information is too large to be read"
BROKEN="its debug information is broken"
for name in deep deep_inlined abbrevs ranges lines packed; do
	expect_note "$name" "$LARGE"
done
expect_note cyclic "$BROKEN"
expect_note name ""
for name in foreign endless wide units spec; do
	expect_note "$name" ""
done

# Damaged in any way it ends nothing but itself.
python3 "$BOMBS" "$WORK/program" "$WORK/damaged" 300 || fail "no damage"
nm "$WORK/program" | awk '$2 ~ /[tT]/ { print $1 }' >"$WORK/addresses"
for file in "$WORK"/damaged/*; do
	timeout 60 "$FIXTURES/../unit/positions_of" "$file" <"$WORK/addresses" >/dev/null 2>"$WORK/positions.err" ||
		fail "positions_of ended with $? at $file: $(head -c 500 "$WORK/positions.err")"
done
passed
