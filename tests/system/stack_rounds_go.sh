#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --diff of a Go program: goroutines that are new, have ended, have moved, and one that is run by a thread from then on,
# which has not ended. As text and as JSON.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool go jq mkfifo
export GOCACHE="$WORK/cache" GOPATH="$WORK/path" GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0
go build -ldflags '-s -w' -o "$WORK/moves" "$TREE/tests/fixtures/runtimes/moves.go" ||
	fail "go does not build the fixture"

# begin: another process of it, TARGET. Its idle threads may come and go.
begin() {
	rm -f "$WORK/orders"
	mkfifo "$WORK/orders"
	exec 9<>"$WORK/orders"
	# shellcheck disable=SC2094
	start moves bash -c "exec '$WORK/moves' <'$WORK/orders'"
	TARGET=$STARTED
	await_line "$WORK/moves.out" '^READY'
	await_state "$TARGET" S
}

# diff_while OPTION...: three rounds, and between the last two of them it moves.
diff_while() {
	: >"$WORK/run.out"
	(retry 20 grep -q 'round 2 against\|"round":2,' "$WORK/run.out" && echo >&9) &
	expect_status 0 "$NSPEEK" stack --diff --repeat 3 --interval 1.5 "$@" "$TARGET"
	wait $!
	await_line "$WORK/moves.out" '^MOVED'
}

begin
diff_while
assert_eq "$ERR" "" stderr
sed -i '1,/^round 3 against/d' "$WORK/run.out"
OUT=$(cat "$WORK/run.out")
assert_matches "$OUT" '3 goroutines [0-9]+, [0-9]+, [0-9]+ \[chan receive\], before \[chan receive\]'
assert_eq "$(grep -c '^- #.* main.firstPlace+' "$WORK/run.out")" 1 "frames left"
assert_eq "$(grep -c '^+ #.* main.secondPlace+' "$WORK/run.out")" 1 "frames come to"
assert_matches "$OUT" 'goroutine [0-9]+ \[chan receive\], has ended'
assert_matches "$OUT" 'goroutine [0-9]+ \[chan receive\], is new'
assert_matches "$OUT" 'goroutine [0-9]+ \[running\], before \[chan receive\]'
assert_eq "$(grep -c '^- #.* main.runner+' "$WORK/run.out")" 1 "where the one that runs was"
assert_lacks "$OUT" main.idle
assert_matches "$OUT" $'\n''([0-9]+) of [0-9]+ goroutines did not move'
finish "$TARGET"

begin
target_before "$TARGET"
diff_while --json
cp "$WORK/run.out" "$WORK/json"
query() {
	assert_eq "$(jq -c ".processes[1].goroutines | $1" "$WORK/json")" "$2" "$1"
}
query '.reason' null
# Of those of the program; the runtime's own may wake up.
of_main='([.frames[], (.diff.before // {frames: []}).frames[]] | any(.symbol // "" | startswith("main.")))'
query "[.stacks[] | select($of_main) | [.diff.move, .state, .diff.before.state]] | sort" \
	'[["came","waiting",null],["moved","waiting","waiting"],["moved","waiting","waiting"],["moved","waiting","waiting"],["ran","running","waiting"]]'
query "[.went[] | select($of_main) | [.diff.move, .state, .diff.before]]" '[["went","waiting",null]]'
query '[.stacks[] | select(.diff.move == "moved" and .diff.common > 0)
	| [([.diff.before.frames[].symbol] | contains(["main.firstPlace"])),
	([.frames[].symbol] | contains(["main.secondPlace"])), .diff.before.wait, .wait]] | unique' \
	'[[true,true,"chan receive","chan receive"]]'
query '[.stacks[] | select(.diff.move == "ran") | [.frames, .status]] | unique' '[[[],"failed"]]'
query '.unmoved >= 5' true
target_after "$TARGET"
# Some threads only: goroutines are not asked for.
expect_status 0 "$NSPEEK" stack --diff --interval 0.1 --json --thread "$TARGET" "$TARGET"
assert_eq "$(jq -c '.processes[0].goroutines' "$WORK/run.out")" null "goroutines"
# One that ends takes all of its goroutines along.
: >"$WORK/run.out"
(retry 20 grep -q 'round 2 against' "$WORK/run.out" && kill -KILL "$TARGET") &
expect_status 0 "$NSPEEK" stack --diff --repeat 3 --interval 1 "$TARGET"
assert_matches "$OUT" '5 goroutines .* \[chan receive\], have ended'
assert_matches "$OUT" '0 of 0 goroutines did not move'
passed
