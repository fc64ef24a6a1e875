#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files that mean harm, mapped by a process whose other files are good: 300 mutations, names without end, of 100 MB,
# and such that a terminal would obey, sizes of 2^40, call frame information that is its own beginning. Each costs
# what it is needed for, and nothing else.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq python3
GOOD=$FIXTURES/libheld.so
HOSTILE=$SUPPORT/hostile.py

query() {
	jq -r "$1" "$WORK/run.out"
}

# no_control FILE: nothing in FILE, UTF-8, that a terminal would obey.
no_control() {
	! LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1" || fail "control characters in $1"
}

# take STATUS SECONDS OPTION...: the stacks of TARGET as JSON and as text, in that time, fit for a terminal.
take() {
	expect_status "$1" timeout "$(($2 + 2))" "$NSPEEK" stack --no-unique "${@:3}" "$TARGET"
	no_control "$WORK/run.out"
	no_control "$WORK/run.err"
	expect_status "$1" timeout "$(($2 + 2))" "$NSPEEK" stack --json "${@:3}" "$TARGET"
	no_control "$WORK/run.out"
	no_control "$WORK/run.err"
	# What is in good files is all there, wherever it was called from.
	assert_eq "$(query '.processes[0].threads[] | select(.tid == '"$TARGET"')
		| .status, ([.frames[].symbol] | contains(["wait_here", "held_inner", "held_outer", "main"]))')" \
		$'complete\ntrue' "the good file's thread"
	assert_eq "$(query '[.processes[0].threads[].frames[1].symbol] | unique[]')" wait_here "good callers"
	assert_eq "$(query '[.processes[0].threads[].frames | length >= 3] | unique[]')" true "a frame in each file"
}

# hold NAME FILE...: TARGET is a process with a thread in the code of each.
hold() {
	start "$1" "$FIXTURES/hostage" "$GOOD" "${@:2}"
	await_line "$WORK/$1.out" '^READY'
	TARGET=$STARTED
	await_state "$TARGET" S
	target_before "$TARGET"
}

mkdir "$WORK/mutated"
"$HOSTILE" mutate "$GOOD" "$WORK/mutated" 300
hold mutated "$WORK"/mutated/*
take 1 5
assert_eq "$(query '.processes[0].threads | length')" 301 "threads"
target_after "$TARGET"
finish "$TARGET"

for kind in endless-names long-name control-names huge-sizes cyclic-cfi; do
	"$HOSTILE" "$kind" "$GOOD" "$WORK/$kind.so"
done
# Each alone costs the exit status, but for names that only look bad.
while read -r kind status why; do
	hold "$kind" "$WORK/$kind.so"
	take "$status" 5
	assert_eq "$(query '.processes[0].left_out[].reason')" "$why" "what is lost of $kind"
	target_after "$TARGET"
	finish "$TARGET"
done <<-END
	long-name 1 a name in its symbol table has no end
	huge-sizes 1 its symbol table cannot be read
	cyclic-cfi 1 its call frame information is broken
	control-names 0
END

NAMED=$WORK/$'new\nline \e[31m\x9b.so'
cp "$GOOD" "$NAMED"
hold kinds "$WORK"/{endless-names,long-name,control-names,huge-sizes,cyclic-cfi}.so "$NAMED"
take 1 2 --timeout=2
# thread N: the Nth file's.
assert_eq "$(query '.processes[0].left_out[].module' | sort)" \
	"$(printf '%s\n' "$WORK"/{cyclic-cfi,endless-names,huge-sizes,long-name}.so)" "what is left out"
thread() {
	query '.processes[0].threads[] | select(.name == "held-'"$1"'") | '"$2"
}
assert_matches "$(thread 2 '.frames[2].symbol')" '^A{1000,5000}(\.\.\.)?$'
assert_contains "$(thread 3 '.frames[2].symbol')" owned
assert_eq "$(thread 6 '.status, .frames[2].symbol')" $'complete\nheld_inner' "the oddly named file's"
assert_contains "$(thread 6 '.frames[2].module')" '/new\x0aline \x1b[31m\x9b.so'
target_after "$TARGET"
finish "$TARGET"
rm -f "$WORK"/*.so

# Errors name what they are about.
run "$NSPEEK" stack $'\e[31m\n'
no_control "$WORK/run.err"
run "$NSPEEK" stack --load=$'\e[31m\n'
no_control "$WORK/run.err"
passed
