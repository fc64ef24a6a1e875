#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --repeat, --interval and --diff on a server of which only some threads move: what moved is shown,
# all else is counted. Rounds in text, JSON and folded; Ctrl-C; a target that ends in between.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq mkfifo
mkfifo "$WORK/orders"
exec 9<>"$WORK/orders"
# shellcheck disable=SC2094
start walker bash -c "exec '$FIXTURES/walker' 50 3 <'$WORK/orders'"
WALKER=$STARTED
await_line "$WORK/walker.out" '^READY'

# Orders the server to move once the first of the rounds of the nspeek in the background is over.
move_between() {
	sleep "$1"
	echo >&9
}

# diff_while OPTION...: two rounds, between which the server moves.
diff_while() {
	: >"$WORK/walker.out"
	move_between 0.2 &
	expect_status 0 "$NSPEEK" stack --diff --interval 0.6 "$@" "$WALKER"
	wait $!
	await_line "$WORK/walker.out" '^MOVED'
}

# 50 idle, 3 walkers, a stirrer, a guest and the first thread, which reads.
diff_while
assert_eq "$ERR" "" stderr
assert_matches "$OUT" '^round 2 against round 1, 0\.[0-9]{3} s before'
assert_matches "$OUT" '3 threads [0-9, -]+ "walker" S in futex, before S in futex'
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^- #.* first_place+')" 1 "frames left"
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^+ #.* second_place+')" 1 "frames come to"
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^  #.* start_thread+')" 1 "frames in common"
assert_matches "$OUT" 'thread [0-9]+ "stirrer" S in futex, was on a CPU, and is where it was'
assert_matches "$OUT" 'thread [0-9]+ "guest" S in futex, has ended'
assert_matches "$OUT" 'thread [0-9]+ "guest" S in futex, is new'
assert_lacks "$OUT" '"idle"'
assert_matches "$OUT" $'\n''50 of 56 threads did not move$'

# Nobody moves: one line.
expect_status 0 "$NSPEEK" stack --diff --interval 0.1 "$WALKER"
assert_matches "$OUT" $'\n\n''56 of 56 threads did not move$'
assert_lacks "$OUT" "#0"

diff_while --json
cp "$WORK/run.out" "$WORK/json"
# query FILTER EXPECTED
query() {
	assert_eq "$(jq -c "$1" "$WORK/json")" "$2" "$1"
}
query '.processes | length' 1
query '.processes[0] | [.round, .since_round, .exited, .unmoved]' '[2,1,false,50]'
query '.processes[0].time | test("^20[0-9-]{8}T[0-9:]{8}\\.[0-9]{3}Z$")' true
query '[.processes[0].threads[] | [.name, .diff.move]] | unique' \
	'[["guest","came"],["server","ran"],["stirrer","ran"],["walker","moved"]]'
# The walkers are at the second place by now, and go back.
query '[.processes[0].threads[] | select(.name == "walker") |
	[([.diff.before.frames[].symbol] | contains(["second_place"])),
	([.frames[].symbol] | contains(["first_place"])),
	(.frames | length) - .diff.common, .diff.before.state, .diff.switches > 0]] | unique' \
	'[[true,true,5,"S",true]]'
query '[.processes[0].threads[] | select(.diff.move != "moved") | .diff.before] | unique' '[null]'
query '[.processes[0].went[] | [.name, .diff.move]]' '[["guest","went"]]'

target_before "$WALKER"

# Rounds of their own: each a report, the same worker.
expect_status 0 "$NSPEEK" stack --repeat 3 --interval 0.05 "$WALKER"
assert_eq "$(printf '%s\n' "$OUT" | grep -Ec '^round [123] of 3, 20.* UTC$')" 3 "rounds"
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^56 threads, 5 different stacks$')" 3 "reports"
expect_status 0 "$NSPEEK" stack --repeat 3 --interval 0.05 --json "$WALKER"
assert_eq "$(jq -c '[.processes[] | [.pid, .round, (.threads | length)]]' "$WORK/run.out")" \
	"[[$WALKER,1,56],[$WALKER,2,56],[$WALKER,3,56]]" "rounds"
expect_status 0 "$NSPEEK" stack --json "$WALKER"
assert_eq "$(jq -c '[.processes[].round]' "$WORK/run.out")" "[1]" "the only round"

# Folded: counts over threads and rounds.
expect_status 0 "$NSPEEK" stack --repeat 2 --interval 0.05 --folded "$WALKER"
assert_eq "$(printf '%s\n' "$OUT" | awk '{ sum += $NF } END { print sum }')" 112 "threads in two rounds"
assert_matches "$OUT" 'idle;[^ ]*;start_thread;idle;[^ ;]*pause 100'
assert_eq "$(printf '%s\n' "$OUT" | grep -vEc '^[^ ;]+(;[^ ;]+)* [0-9]+$')" 0 "lines that no tool takes"

# Ctrl-C ends after the round at hand: what there is is shown, whole, and judged.
# In the background, a shell has Ctrl-C ignored.
env --default-signal=INT "$NSPEEK" stack --repeat 1000 --interval 0.2 --json "$WALKER" >"$WORK/cut.out" 2>"$WORK/cut.err" &
nspeek=$!
sleep 0.5
kill -INT "$nspeek"
wait "$nspeek"
assert_eq "$?" 0 "status after Ctrl-C"
assert_eq "$(cat "$WORK/cut.err")" "" "stderr after Ctrl-C"
assert_eq "$(jq -c '[.processes[].round] | length >= 2 and length < 6' "$WORK/cut.out")" true "rounds"
target_after "$WALKER"

# A target that ends in between is a line.
(sleep 0.2 && kill -KILL "$WALKER") &
expect_status 0 "$NSPEEK" stack --diff --interval 0.4 "$WALKER"
assert_matches "$ERR" "^nspeek: process $WALKER has exited\$"
assert_matches "$OUT" '50 threads .* "idle" S in pause, has ended'
assert_matches "$OUT" '0 of 0 threads did not move$'

for words in "--json --folded" "--diff --folded" "--diff --repeat 1" "--interval 2" "--repeat 0" \
	"--interval x" "--save=$WORK/kept --diff" "--save=$WORK/kept --repeat 2" "--load=x --repeat 2" \
	"--load=x --diff" "--load=x --all-processes" "--all-processes --thread 1"; do
	# shellcheck disable=SC2086
	expect_status 64 "$NSPEEK" stack $words $$
	assert_one_error
done
passed
