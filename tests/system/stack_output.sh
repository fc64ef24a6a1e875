#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Text for a thousand threads; a reader that stops reading; colour, width and progress on terminals,
# and none of them elsewhere; JSON is one sound document whatever options stand together.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq script strace
start target "$FIXTURES/pause_meter" 999 26 idle
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
retry 10 contains_line "/proc/$TARGET/status" '^State:.S' || fail "the target does not sleep"
target_before "$TARGET"

# A thousand threads: what is odd first, the many once, their ids shortened, the sum at the end.
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^thread \|^[0-9]* threads [0-9]')" 2 "groups"
assert_matches "$OUT" $'\n'"thread $TARGET "
assert_matches "$OUT" $'\n''999 threads [0-9, ]*[0-9]+-[0-9]+'
assert_eq "$(printf '%s\n' "$OUT" | tail -n 1)" "1000 threads, 2 different stacks" "the last line"
longest=$(printf '%s\n' "$OUT" | grep threads | awk '{ print length }' | sort -n | tail -n 1)
((longest < 160)) || fail "a line of $longest characters"
expect_status 0 "$NSPEEK" stack --no-unique "$TARGET"
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^thread ')" 1000 "threads"
assert_lacks "$OUT" "different stack"

# How long what has taken without privileges: of a thousand stacks, something.
expect_status 0 "$NSPEEK" stack --json "$TARGET"
assert_eq "$(jq -c '.processes[0].worker | .unwinding_us > 0, .naming_us > 0, (.lines_us | type), length' "$WORK/run.out" |
	paste -sd ' ')" 'true true "number" 3' "the worker's times"

# The document leaves us in large pieces, whatever buffer the C library begins with.
need_that "strace" strace -o /dev/null true
strace -f -qq -e trace=write,writev -o "$WORK/calls" "$NSPEEK" stack --json "$TARGET" >"$WORK/document"
size=$(stat -c %s "$WORK/document") calls=$(grep -c '(1, ' "$WORK/calls")
((size > 1000000 && calls <= size / 32768 + 3)) || fail "$size bytes by $calls calls"

# Who stops reading gets no noise, and the status is that of the stacks: all of them are complete.
for options in "--no-unique" "--json" "--folded --repeat 3 --interval 0.01" "--no-unique --repeat 5 --interval 0.01"; do
	# shellcheck disable=SC2086
	"$NSPEEK" stack $options "$TARGET" 2>"$WORK/pipe.err" | head -n 1 >/dev/null
	statuses=("${PIPESTATUS[@]}")
	assert_eq "${statuses[0]}" 0 "status with $options"
	assert_eq "$(cat "$WORK/pipe.err")" "" "stderr with $options"
done
# Nobody can read: the same. A full disk is an error.
"$NSPEEK" stack "$TARGET" 2>"$WORK/pipe.err" | :
assert_eq "${PIPESTATUS[0]}" 0 "status without a reader"
assert_eq "$(cat "$WORK/pipe.err")" "" "stderr without a reader"
"$NSPEEK" stack "$TARGET" >/dev/full 2>"$WORK/pipe.err"
assert_eq "$?" 2 "status on a full disk"
assert_contains "$(cat "$WORK/pipe.err")" "No space left on device"
# So is an output that was closed.
for command in "stack $TARGET" "stack --json $TARGET" "ns $TARGET" "ps $TARGET"; do
	# shellcheck disable=SC2086
	"$NSPEEK" $command >&- 2>"$WORK/pipe.err"
	assert_eq "$?" 2 "status of $command without an output"
	assert_matches "$(cat "$WORK/pipe.err")" '^nspeek: .*standard output: Bad file descriptor$'
done

# on_terminal COLUMNS COMMAND: OUT is what a terminal of so many columns got.
on_terminal() {
	timeout -k 2 30 script -qefc "stty cols $1; $2" "$WORK/typescript" >/dev/null 2>&1
	STATUS=$?
	OUT=$(tr -d '\r' <"$WORK/typescript")
}

# A terminal has colour, unless one says no; a pipe has none, unless one says so.
on_terminal 100 "'$NSPEEK' stack $TARGET"
assert_eq "$STATUS" 0 "status on a terminal"
assert_contains "$OUT" $'\033[1mthread '"$TARGET"
for say_no in "NO_COLOR=1 '$NSPEEK' stack" "'$NSPEEK' stack --color=never"; do
	on_terminal 100 "$say_no $TARGET"
	assert_lacks "$OUT" $'\033['
	assert_contains "$OUT" "1000 threads, 2 different stacks"
done
expect_status 0 "$NSPEEK" stack --color=always --diff --interval 0.01 "$TARGET"
expect_status 0 "$NSPEEK" stack --color=always "$TARGET"
assert_contains "$OUT" $'\033[1m'
on_terminal 100 "'$NSPEEK' stack --json --color=always $TARGET | cat"
assert_lacks "$OUT" $'\033['

# A narrow terminal shows fewer ids than a wide one.
start gaps "$FIXTURES/walker" 0 40
await_line "$WORK/gaps.out" '^READY'
spread=()
for tid in /proc/"$STARTED"/task/*; do
	spread+=("${tid##*/}")
done
narrow_and_wide() {
	local options=() i
	for ((i = 2; i < 42; i += 2)); do
		options+=(--thread "${spread[i]}")
	done
	on_terminal "$1" "'$NSPEEK' stack ${options[*]} $STARTED"
	SHOWN=$(printf '%s\n' "$OUT" | grep -o '[0-9]* threads [0-9, ]*[0-9] and [0-9]* more' | tr -cd , | wc -c)
}
narrow_and_wide 60
narrow=$SHOWN
narrow_and_wide 120
((narrow > 0 && SHOWN > narrow)) || fail "$narrow ids in 60 columns, $SHOWN in 120"
finish "$STARTED"

# Progress: what takes longer than a second is said on a terminal, then erased; what is quick is not.
on_terminal 100 "'$NSPEEK' stack --color=never $TARGET 2>&1 >/dev/null"
assert_lacks "$OUT" "nspeek: "
# Holds the worker of the nspeek that is between its rounds, for longer than a second.
hold_worker() {
	local pid worker="" i
	for ((i = 0; i < 50 && ${#worker} == 0; i++)); do
		sleep 0.3
		for pid in $(pgrep -x nspeek); do
			[ "$(readlink "/proc/$(awk '/^PPid/ { print $2 }' "/proc/$pid/status" 2>/dev/null)/exe")" != "$NSPEEK" ] ||
				worker=$pid
		done
	done
	kill -STOP "$worker" && sleep 1.4 && kill -CONT "$worker"
}
start slow "$FIXTURES/container" threads 2
await_line "$WORK/slow.out" '^READY'
hold_worker &
on_terminal 100 "'$NSPEEK' stack --color=never --repeat 2 --interval 0.5 $STARTED >/dev/null"
wait $!
assert_contains "$OUT" $'\033[Knspeek: unwinding 3 stacks of process '"$STARTED"
assert_matches "$OUT" $'\033''\[K'$'\n*Script done'
hold_worker &
on_terminal 100 "'$NSPEEK' stack --json --repeat 2 --interval 0.5 $STARTED"
wait $!
assert_lacks "$OUT" $'\033'
finish "$STARTED"

# One document, whatever stands together.
start first "$FIXTURES/container" threads 2
await_line "$WORK/first.out" '^READY'
small=$STARTED
start second "$FIXTURES/container" threads 2
await_line "$WORK/second.out" '^READY'
for options in "" "--no-unique" "--raw" "--verify" "--max-frames 2" "--pause=all" "--pause=never" \
	"--repeat 2 --interval 0.01" "--diff --interval 0.01" "--verify --repeat 2 --interval 0.01" \
	"--diff --repeat 3 --interval 0.01" "--diff --verify --interval 0.01" "--save=$WORK/kept"; do
	# shellcheck disable=SC2086
	run "$NSPEEK" stack --json $options "$small" "$STARTED"
	((STATUS <= 1)) || fail "status $STATUS with $options: $ERR"
	assert_eq "$ERR" "" "stderr with $options"
	jq -e '.schema == "nspeek.stack/1" and (.processes | length >= 2) and
		([.processes[] | .pid, .round | type] | unique == ["number"]) and
		([.processes[].threads[] | .frames | type] | unique - ["array"] == [])' \
		"$WORK/run.out" >/dev/null || fail "no sound document with $options: $(head -c 300 "$WORK/run.out")"
done
expect_status 0 "$NSPEEK" stack --json --load "$WORK/kept"
assert_eq "$(jq -c '[.processes[] | [.round, .time, (.loaded.time_s | type)]] | unique' "$WORK/run.out")" \
	'[[1,null,"number"]]' "rounds that were kept"
expect_status 0 "$NSPEEK" stack --folded --load "$WORK/kept"
assert_eq "$(printf '%s\n' "$OUT" | awk '{ sum += $NF } END { print sum }')" 6 "threads that were kept"
target_after "$TARGET"
passed
