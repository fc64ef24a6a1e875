#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A target with a thread in each of the eleven calls that return EINTR after a stop sees none in a
# hundred rounds of the default policy, with and without the task iterator; and is said to have seen
# it when it was stopped.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq
DENY=$FIXTURES/deny
ROUNDS=100

# start_calls PROGRAM: KINDS is how many kinds of calls this kernel has.
start_calls() {
	start target "$FIXTURES/$1"
	# Not killed: its semaphores outlive it.
	defer kill -TERM "$STARTED"
	await_line "$WORK/target.out" '^READY'
	TARGET=$STARTED
	KINDS=$(($(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 | wc -l) - 1))
	# Some kernels are built without AIO or forbid io_uring; all have the others.
	say "$KINDS kinds of calls $(grep LACKS "$WORK/target.out")"
	((KINDS >= 9)) || fail "not enough kinds of calls"
	retry 10 all_blocked || fail "they do not come to rest"
}

all_blocked() {
	! grep -q running /proc/"$TARGET"/task/*/syscall
}

# Sets ENDED: how many calls of each kind have returned EINTR so far, "NAME COUNT".
ask() {
	: >"$WORK/target.out"
	kill -USR1 "$TARGET"
	await_line "$WORK/target.out" '^END'
	ENDED=$(tr -d '\0' <"$WORK/target.out" | sed -n 's/^EINTR //p')
}

count_ended() {
	printf '%s\n' "$ENDED" | awk '$2 > 0' | wc -l
}

query() {
	jq -c "$1" "$WORK/run.out"
}

# rounds LEAST-STATUS COMMAND...: none of the calls ends.
rounds() {
	local most=$1 i
	shift
	for ((i = 0; i < ROUNDS; i++)); do
		run "$@" --json "$TARGET"
		((STATUS <= most)) || fail "status $STATUS: $ERR"
		assert_eq "$(query '[.processes[0].threads[] | .method, .eintr] | unique')" \
			'[false,"no-stop"]' "method in round $i"
	done
	ask
	assert_eq "$(count_ended)" 0 "kinds of calls that ended ($ENDED)"
}

start_calls eintr-O2
target_before "$TARGET"
rounds 0 "$NSPEEK" stack
rounds 0 "$NSPEEK" stack --pause=never
rounds 0 "$DENY" bpf=EPERM -- "$NSPEEK" stack
assert_eq "$(query '[.processes[0].threads[].status] | unique')" '["complete"]' "status"
target_after "$TARGET"

# Stopped, they do end; and that is what is said.
for policy in each all; do
	ask
	before=$ENDED
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$TARGET"
	cp "$WORK/run.out" "$WORK/json"
	retry 10 all_blocked || fail "they do not come to rest"
	ask
	ended=$(diff <(printf '%s\n' "$before") <(printf '%s\n' "$ENDED") | awk '/^>/ { print $2 }' | sort)
	said=$(jq -r '.processes[0].threads[] | select(.eintr) | .name' "$WORK/json" | grep -vx eintr-O2 | sort)
	assert_eq "$(printf '%s\n' "$ended" | wc -l)" "$KINDS" "kinds of calls that ended by $policy"
	assert_eq "$said" "$ended" "what is said of it by $policy"
done
expect_status 0 "$NSPEEK" stack --pause=each "$TARGET"
assert_matches "$OUT" 'note: stopped in a system call that returns EINTR for it: [0-9]+ [0-9]+'
kill -TERM "$TARGET"
wait "$TARGET" 2>/dev/null

# Not optimized, some stacks cannot be unwound without registers that only a stop, or the iterator,
# shows. Rather no caller than an EINTR: and that is said.
ROUNDS=10
start_calls eintr-O0
run "$NSPEEK" stack --pause=never --json "$TARGET"
[ "$(query .processes[0].capture.task_iterator)" = '"loaded"' ] && MOST=0 || MOST=1
rounds "$MOST" "$NSPEEK" stack
rounds 1 "$DENY" bpf=EPERM -- "$NSPEEK" stack
if [ "$STATUS" = 1 ]; then
	run "$DENY" bpf=EPERM -- "$NSPEEK" stack "$TARGET"
	assert_contains "$OUT" "note: not stopped, since its system call would have returned EINTR:"
fi
kill -TERM "$TARGET"
wait "$TARGET" 2>/dev/null
passed
