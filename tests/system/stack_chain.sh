#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `stack_chain.sh PROGRAM`: the stacks of a program that knows its own call chain, in every mode of
# it, compared frame by frame with what the program says.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq
PROGRAM=$FIXTURES/chain/$1
[ -x "$PROGRAM" ] || skip "the fixture chain/$1 (its compiler)"
case $1 in
*-stripped) NAMES=none ;;
*) NAMES=all ;;
esac

# All threads sleep, and in the same place at two looks.
asleep() {
	local one two
	one=$(awk '{ print FILENAME, $0 }' /proc/"$1"/task/*/syscall)
	[[ $one != *running* ]] || return 1
	sleep 0.05
	two=$(awk '{ print FILENAME, $0 }' /proc/"$1"/task/*/syscall)
	[ "$one" = "$two" ]
}

# compare PID MODE ABOVE: takes the stack and compares it with the truth.
compare() {
	local wrong
	run "$NSPEEK" stack --json "$1"
	[ "$STATUS" = 0 ] ||
		fail "status $STATUS in mode $2: $OUT $ERR"
	wrong=$(jq -r --rawfile truth "$WORK/$2.out" --arg names "$NAMES" --argjson above "$3" \
		--argjson below 3 -f "$SUPPORT/compare-chain.jq" "$WORK/run.out") ||
		fail "no JSON: $OUT"
	assert_eq "$wrong" "" "what is wrong in mode $2 of $PROGRAM"
	assert_eq "$ERR" "" "stderr"
}

start_chain() {
	start "$1" "$PROGRAM" "$1"
	await_line "$WORK/$1.out" '^READY'
}

# Blocked: each frame is known, and the truth says how much of the library may stand above.
check_blocked() {
	start_chain "$1"
	retry 10 asleep "$STARTED" || fail "the threads of mode $1 do not come to rest"
	target_before "$STARTED"
	compare "$STARTED" "$1" "$2"
	target_after "$STARTED"
	finish "$STARTED"
}

# Running: each sample must reach main, wherever it was taken.
check_running() {
	local i
	start_chain "$1"
	for ((i = 0; i < $3; i++)); do
		compare "$STARTED" "$1" "$2"
	done
	target_before "$STARTED"
	compare "$STARTED" "$1" "$2"
	target_after "$STARTED"
	finish "$STARTED"
}

check_blocked raw 0
check_blocked deep 0
check_blocked alloca 0
check_blocked signal 0
check_blocked altstack 0
check_blocked fault 0
check_blocked pause 2
check_blocked threads 5
check_running spin 0 3
check_running clock 3 20
passed
