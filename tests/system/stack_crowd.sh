#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is to be right of one thread is so of many, which are read and unwound otherwise: code without
# call frame information, of which a debug file is asked for; threads that a tracer holds; deep
# stacks; one thread whose stack, or the argument of whose call, never comes.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq strace

crowd() {
	start crowd "$FIXTURES/$1" "${@:2}"
	await_line "$WORK/crowd.out" '^READY'
	TARGET=$STARTED
}

# counted STATUS OPTION...: how many of TARGET's threads have which status; nspeek's is to be STATUS.
counted() {
	expect_status "$1" "$NSPEEK" stack --json "${@:2}" "$TARGET"
	COUNTED=$(jq -c '[.processes[0].threads[].status] | group_by(.) | map("\(length) \(.[0])") | join(", ")' \
		"$WORK/run.out")
}

complete() {
	counted 0 "${@:2}"
	assert_eq "$COUNTED" "\"$1 complete\"" "threads with ${*:2}"
}

for policy in auto never all; do
	crowd crowd_bare 100 idle
	target_before "$TARGET"
	complete 101 --pause="$policy"
	target_after "$TARGET"
	finish "$TARGET"
done

for count in 300 900; do
	crowd crowd "$count" deep
	complete $((count + 1))
	finish "$TARGET"
done

crowd crowd 100 idle
start tracer strace -f -qq -o /dev/null -p "$TARGET"
TRACER=$STARTED
all_traced() {
	[ "$(grep -l "^TracerPid:[[:space:]]$TRACER\$" /proc/"$TARGET"/task/*/status | wc -l)" = 101 ]
}
retry 20 all_traced || fail "strace does not trace: $(cat "$WORK/tracer.err")"
for policy in auto never each all; do
	complete 101 --pause="$policy"
done
finish "$TRACER"
finish "$TARGET"

# One thread costs no other. What is known of it depends on the policy.
for kind in poll stack; do
	for count in 100 600; do
		crowd crowd "$count" "$kind"
		for policy in never auto; do
			counted 1 --pause="$policy" --timeout 20
			[[ $COUNTED == *"$count complete"* ]] ||
				fail "of $count threads and one whose $kind never comes, $policy: $COUNTED"
		done
		finish "$TARGET"
	done
done
passed
