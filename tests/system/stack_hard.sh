#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Targets that other tools hang on, refuse, or leave stopped: a vfork parent, frozen cgroups of both
# kinds, a process under strace and under gdb, one that executes itself all the while, one of 32-bit
# code, one whose memory cannot be read in time. By every policy, with and without the task iterator.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq strace gdb
DENY=$FIXTURES/deny
POLICIES=(auto never each all)

query() {
	jq -c "$1" "$WORK/run.out"
}

# every_policy FUNCTION: for each policy, RUN being the words before `stack`.
every_policy() {
	local denied
	for policy in "${POLICIES[@]}"; do
		for denied in uselib=ENOSYS bpf=EPERM; do
			RUN=("$DENY" "$denied" -- "$NSPEEK" stack --pause="$policy")
			"$1"
		done
	done
}

# all_there SYMBOL: every thread has a complete stack, read without a stop, and one holds SYMBOL.
all_there() {
	expect_status 0 "${RUN[@]}" --json "$TARGET"
	assert_eq "$(query '[.processes[0].threads[] | .method, .status] | unique')" \
		'["complete","no-stop"]' "threads of $1 by $policy"
	assert_eq "$(query '[.processes[0].threads[].frames[].symbol] | contains(["'"$1"'"])')" true \
		"$1 is there"
}

# A vfork parent: no signal and no stop reaches it before its child is done.
start vfork "$FIXTURES/container" vfork
TARGET=$STARTED
await_state "$TARGET" D
await_child "$TARGET"
defer kill -KILL "$CHILD"
target_before "$TARGET"
vfork_parent() {
	all_there verb_vfork
}
every_policy vfork_parent
target_after "$TARGET"
assert_eq "$(state_of "$TARGET")" D "state"
kill -KILL "$CHILD"
# It runs on: its status is what it says after its child's end.
wait "$TARGET" 2>/dev/null
assert_eq $? 1 "status of the vfork parent"

worker() {
	all_there wait_for_work
}
# frozen PARENT FILE FREEZE THAW: a process in a frozen cgroup below PARENT; fails where none can be.
frozen() {
	local dir=$1/nspeek-test-$$ file=$2 freeze=$3 thaw=$4
	mkdir "$dir" 2>/dev/null || return 1
	defer rmdir "$dir"
	defer eval "sleep 0.2"
	start frozen "$FIXTURES/container" threads 3
	TARGET=$STARTED
	await_line "$WORK/frozen.out" '^READY'
	echo "$TARGET" >"$dir/cgroup.procs" || return 1
	retry 10 has_state "$TARGET" S || fail "the target does not sleep"
	echo "$freeze" >"$dir/$file" || return 1
	defer eval "echo $thaw >$dir/$file"
	retry 10 grep -qE "^(frozen 1|FROZEN)" "$dir/cgroup.events" "$dir/$file" 2>/dev/null ||
		fail "it does not freeze"
	if [ "$file" = freezer.state ]; then
		every_policy worker
	else
		# Of the new kind a frozen thread can be stopped, and stays frozen.
		POLICIES=(auto never)
		every_policy worker
		POLICIES=(auto never each all)
		for policy in each all; do
			expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$TARGET"
			assert_eq "$(query '[.processes[0].threads[].status] | unique')" '["complete"]' \
				"status by $policy"
		done
		contains_line "$dir/cgroup.events" '^frozen 1' || fail "it is frozen no more"
	fi
	[ -z "$(threads_held "$TARGET")" ] || fail "threads are held: $(threads_held "$TARGET")"
	echo "$thaw" >"$dir/$file"
	retry 10 has_state "$TARGET" S || fail "it does not run on: $(state_of "$TARGET")"
	sleep 0.2
	[ -z "$(threads_held "$TARGET")" ] || fail "threads are held: $(threads_held "$TARGET")"
	finish "$TARGET"
	return 0
}
FREEZERS=0
cgroup_dir() {
	awk -v type="$1" -v option="$2" '$3 == type && (option == "" || $4 ~ option) { print $2; exit }' \
		/proc/mounts
}
OLD=$(cgroup_dir cgroup '(^|,)freezer(,|$)')
NEW=$(cgroup_dir cgroup2 '')
[ -z "$OLD" ] || ! frozen "$OLD" freezer.state FROZEN THAWED || FREEZERS=$((FREEZERS + 1))
[ -z "$NEW" ] || ! frozen "$NEW" cgroup.freeze 1 0 || FREEZERS=$((FREEZERS + 1))
say "$FREEZERS kinds of freezers"
((FREEZERS > 0)) || skip "a freezer for cgroups"

# Under strace, and under gdb, which keeps it stopped.
traced_worker() {
	all_there wait_for_work
	assert_eq "$(grep -L "^TracerPid:[[:space:]]$TRACER\$" /proc/"$TARGET"/task/*/status)" "" \
		"threads that their tracer has lost"
}
for tracer in strace gdb; do
	start "under_$tracer" "$FIXTURES/container" threads 3
	TARGET=$STARTED
	await_line "$WORK/under_$tracer.out" '^READY'
	retry 10 has_state "$TARGET" S || fail "the target does not sleep"
	case $tracer in
	strace) start tracer strace -f -qq -o /dev/null -p "$TARGET" ;;
	gdb) start tracer gdb -nx -batch -ex "shell sleep 1000" -p "$TARGET" ;;
	esac
	TRACER=$STARTED
	all_traced() {
		[ "$(grep -l "^TracerPid:[[:space:]]$TRACER\$" /proc/"$TARGET"/task/*/status | wc -l)" = 4 ]
	}
	retry 20 all_traced || fail "$tracer does not trace: $(cat "$WORK/tracer.err")"
	sleep 0.3
	every_policy traced_worker
	pkill -P "$TRACER" 2>/dev/null
	finish "$TRACER"
	retry 10 has_state "$TARGET" S || fail "after $tracer its state is $(state_of "$TARGET")"
	finish "$TARGET"
done

# One that executes itself all the while: every chain is whole or says why, or the target is said to
# change too often.
start exec "$FIXTURES/moving" exec
TARGET=$STARTED
await_line "$WORK/exec.out" '^READY'
changing() {
	local i
	for ((i = 0; i < 8; i++)); do
		run "${RUN[@]}" --json "$TARGET"
		((STATUS <= 2)) || fail "status $STATUS: $ERR"
		[ "$STATUS" != 2 ] || assert_matches "$ERR" '^nspeek: '
		[ -n "$OUT" ] || continue
		assert_eq "$(query '[.processes[]?.threads[] | select(.status == "complete") |
			.frames[-1].symbol | select(test("^(_start|_dl_start_user|_*clone3?)$") | not)] | unique')" '[]' \
			"where complete chains end"
		assert_eq "$(query '[.processes[]?.threads[] | select(.status != "complete" and
			.reason == null)]')" '[]' "chains that end without a reason"
	done
}
every_policy changing
kill -0 "$TARGET" || fail "the target is dead"
free() {
	[ -z "$(threads_held "$TARGET")" ]
}
retry 3 free || fail "threads are held: $(threads_held "$TARGET")"
finish "$TARGET"

# 32-bit code, which nobody is to take for 64-bit code.
foreign() {
	expect_status 2 "${RUN[@]}" --json "$TARGET"
	assert_contains "$ERR" "it runs 32-bit code"
	assert_eq "$(query '.processes[0].threads[] | .name, .method, (.frames | length)')" \
		'"bits32"'$'\n''"none"'$'\n'0 "a 32-bit thread by $policy"
}
if [ -x "$FIXTURES/bits32" ] && { timeout 0.1 "$FIXTURES/bits32"; [ $? = 124 ]; }; then
	start bits32 "$FIXTURES/bits32"
	TARGET=$STARTED
	await_state "$TARGET" S
	target_before "$TARGET"
	every_policy foreign
	target_after "$TARGET"
else
	say "no 32-bit programs here"
fi

# Memory that does not come: its thread is given up, the others are there, and nothing hangs.
start pit "$FIXTURES/moving" tarpit
TARGET=$STARTED
await_line "$WORK/pit.out" '^(READY|LACKS)'
if contains_line "$WORK/pit.out" '^LACKS'; then
	skip "userfaultfd"
fi
target_before "$TARGET"
pit() {
	local begin=$SECONDS
	expect_status 1 "${RUN[@]}" --json "$TARGET"
	((SECONDS - begin < 6)) || fail "it took $((SECONDS - begin)) seconds by $policy"
	assert_eq "$(query '[.processes[0].threads[] | select(.status == "complete")] | length')" 5 \
		"complete stacks by $policy"
	# What they were held for meanwhile is told, though the one that held them was killed.
	[ "$policy" != all ] ||
		assert_eq "$(query '.processes[0].capture | .paused_us > 250000 and
			.longest_thread_pause_us > 250000')" true "the pause by $policy"
	assert_eq "$(query '.processes[0].threads[] | select(.name == "pit") | .method, .reason')" \
		'"none"'$'\n''"it did not stop, or could not be read, in time"' "the pit by $policy"
}
every_policy pit
target_after "$TARGET"
passed
