#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Targets that are not simply running or asleep: stopped ones, ones that are traced, ones that start
# and end threads meanwhile.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq

# Stopped by a signal (job control): readable, and stopped afterwards as before.
start stopped "$FIXTURES/container" threads 3
await_line "$WORK/stopped.out" '^READY'
TARGET=$STARTED
kill -STOP "$TARGET"
await_state "$TARGET" T
all_stopped() {
	[ "$(threads_held "$TARGET" | wc -l)" = 4 ]
}
retry 10 all_stopped || fail "not all stop"
for policy in auto never each all; do
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$TARGET"
	assert_eq "$(jq -c '[.processes[0].threads[] | .status] | unique' "$WORK/run.out")" \
		'["complete"]' "status"
	assert_eq "$(jq -c '[.processes[0].threads[] | .state] | unique' "$WORK/run.out")" '["T"]' \
		"state"
	assert_contains "$OUT" wait_for_work
done
sleep 0.2
assert_eq "$(threads_held "$TARGET" | wc -l)" 4 "threads that are stopped"
assert_eq "$(threads_held "$TARGET" | grep -vc 'tracer 0$')" 0 "threads that are traced"
kill -CONT "$TARGET"
await_state "$TARGET" S
[ -z "$(threads_held "$TARGET")" ] || fail "threads are held: $(threads_held "$TARGET")"
kill -TERM "$TARGET"
wait "$TARGET" 2>/dev/null
assert_eq $? 143 "status of the target, by the signal it got in the end"

# A parent that waits for stops and continues sees none.
start parent bash -c '"$1" threads 2 & child=$!
	echo "CHILD $child"; wait $child; echo "ENDED $?"' bash "$FIXTURES/container"
await_line "$WORK/parent.out" '^READY'
TARGET=$(awk '/^CHILD/ { print $2 }' "$WORK/parent.out")
for policy in auto never each all each all; do
	expect_status 0 "$NSPEEK" stack --pause="$policy" "$TARGET"
done
assert_lacks "$(cat "$WORK/parent.out")" ENDED
kill -TERM "$TARGET"
await_line "$WORK/parent.out" '^ENDED 143'

# System calls that a stop interrupts are restarted: the sleeper sleeps on.
start sleeper "$FIXTURES/container" sleep 2
TARGET=$STARTED
begin=${EPOCHREALTIME/./}
for policy in auto each all; do
	expect_status 0 "$NSPEEK" stack --pause="$policy" "$TARGET"
done
wait "$TARGET"
assert_eq $? 0 "the sleeper's status"
took=$((${EPOCHREALTIME/./} - begin))
((took > 1700000)) || fail "the sleeper slept only $took us"

# Threads that come and go all the while. Each is complete, or has gone meanwhile, or is just
# behind the system call that makes threads, where the library has no call frame information.
start churn "$FIXTURES/container" churn
await_line "$WORK/churn.out" '^READY'
TARGET=$STARTED
for policy in auto auto auto never never each each each all all all; do
	run "$NSPEEK" stack --pause="$policy" --json "$TARGET"
	# All of them may run whenever they are looked at; then nobody is to stop them.
	[ "$policy$STATUS" != never2 ] || [[ $ERR != *"it ran whenever it was looked at"* ]] || continue
	((STATUS <= 1)) || fail "status $STATUS: $ERR"
	assert_eq "$(jq -c '[.processes[0].threads[] | select(.status != "complete" and
		(.frames | length > 0) and (.frames[-1].symbol | test("^__clone3?$") | not))]' \
		"$WORK/run.out")" '[]' "incomplete threads"
	assert_eq "$(jq -c '[.processes[0].threads[] | select(.status != "complete" and
		.reason == null)]' "$WORK/run.out")" '[]' "incomplete threads without a reason"
	assert_eq "$(jq -c '[.processes[0].threads[] | select(.tid == '"$TARGET"' and
		.status == "complete") | .frames[].symbol] | length == 0 or
		contains(["verb_churn"])' "$WORK/run.out")" true "verb_churn is there"
done
kill -0 "$TARGET" || fail "the target is dead"
held() {
	[ -n "$(threads_held "$TARGET")" ]
}
! held || { sleep 0.5; ! held; } || fail "threads are held: $(threads_held "$TARGET")"
finish "$TARGET"

# A target that somebody else traces cannot be stopped by us. Blocked, it is read all the same; while
# it runs, that is said.
for verb in "threads 1" spin; do
	# shellcheck disable=SC2086
	start traced "$FIXTURES/container" $verb
	TARGET=$STARTED
	[ "$verb" = spin ] || await_line "$WORK/traced.out" '^READY'
	[ "$verb" != spin ] || await_state "$TARGET" R
	# On one CPU with another, it is now on it and now off it.
	if [ "$verb" = spin ]; then
		start rival "$FIXTURES/container" spin
		cpu=$(awk '/^Cpus_allowed_list/ { split($2, c, "[-,]"); print c[1] }' /proc/self/status)
		taskset -p -c "$cpu" "$TARGET" >"$WORK/taskset" && taskset -p -c "$cpu" "$STARTED" >>"$WORK/taskset"
	fi
	start tracer "$FIXTURES/container" trace "$TARGET"
	await_line "$WORK/tracer.out" '^READY'
	for policy in auto never {each,all}{,,,,,,,,,}; do
		run "$NSPEEK" stack --pause="$policy" "$TARGET"
		if [ "$verb" != spin ]; then
			assert_eq "$STATUS" 0 "status for a traced target by $policy"
			assert_contains "$OUT" accept_connections
		elif [ "$STATUS" = 0 ]; then
			# Found while it waited for a CPU, which others had.
			assert_contains "$OUT" "1 read without a stop"
		else
			assert_eq "$STATUS" 2 "status for a traced target that runs, by $policy"
			[ "$policy" = never ] || assert_contains "$ERR" "traces it already"
		fi
	done
	finish "$STARTED"
	untraced() {
		[ -z "$(threads_held "$TARGET")" ]
	}
	retry 5 untraced || fail "threads are held: $(threads_held "$TARGET")"
	finish "$TARGET"
done

# One that dies under our hands is an error, not a hang.
for ((i = 0; i < 20; i++)); do
	start mortal "$FIXTURES/container" threads 20
	await_line "$WORK/mortal.out" '^READY'
	"$NSPEEK" stack --json "$STARTED" >"$WORK/run.out" 2>"$WORK/run.err" &
	nspeek=$!
	sleep "0.0$((i / 2))$((i % 10))"
	finish "$STARTED"
	wait "$nspeek"
	status=$?
	((status <= 2)) || fail "status $status: $(cat "$WORK/run.err")"
done
passed
