#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --pause=: what each policy stops, and that all find the same frames.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq

query() {
	jq -c "$1" "$WORK/run.out"
}

frames() {
	query '[.processes[0].threads[] | {tid, name, ns_tid, status, syscall: .syscall.name,
		frames: [.frames[] | {pc, symbol}]}] | sort_by(.tid)'
}

# Blocked threads: nothing is stopped where that need not be.
start target "$FIXTURES/container" threads 5
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
# What is to be the same each time: all wait, at one place.
all_wait() {
	run "$NSPEEK" stack --json "$TARGET"
	[ "$(query '[.processes[0].threads[] | select(any(.frames[]; .symbol == "wait_for_work"))] |
		[length, (map(.frames[0].pc) | unique | length)]')" = "[5,1]" ] && has_state "$TARGET" S
}
retry 10 all_wait || fail "not all threads of the target wait for work"
target_before "$TARGET"
expect_status 0 "$NSPEEK" stack --pause=all --json "$TARGET"
WANTED=$(frames)
assert_contains "$WANTED" wait_for_work
for row in "auto no-stop" "never no-stop" "each stop" "all stop"; do
	read -r policy method <<<"$row"
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$TARGET"
	assert_eq "$(frames)" "$WANTED" "the stacks by $policy"
	assert_eq "$(query '[.processes[0].threads[].method] | unique')" "[\"$method\"]" "by $policy"
	assert_eq "$(query .processes[0].capture.pause)" "\"$policy\"" "the policy"
	if [ "$method" = stop ]; then
		wanted=true
	else
		wanted=false
	fi
	assert_eq "$(query '.processes[0].capture.paused_us > 0')" "$wanted" "paused by $policy"
	assert_eq "$(query '[.processes[0].threads[].pause_us > 0] | unique')" "[$wanted]" \
		"threads paused by $policy"
	assert_eq "$(query '.processes[0].capture.window_us > 0')" true "the window"
done
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_matches "$OUT" '6 threads, 6 read without a stop \([a-z/; ]+\) in [0-9.]+ ms, 0 stopped; '
expect_status 0 "$NSPEEK" stack --pause=each "$TARGET"
assert_matches "$OUT" '6 threads, 6 stopped one at a time, for [0-9.]+ ms at most; '
expect_status 0 "$NSPEEK" stack --pause=all "$TARGET"
assert_matches "$OUT" '6 threads, 6 stopped together for [0-9.]+ ms; '

# Few threads are read out of /proc, unless all registers are wanted, as when nothing may be stopped.
expect_status 0 "$NSPEEK" stack --json "$TARGET"
assert_eq "$(query '[.processes[0].threads[].source] | unique')" '["proc"]' "source of few"
assert_eq "$(query .processes[0].capture.task_iterator)" '"unused"' "the iterator for few"

# With BTF and the rights of root, the iterator is what reads them; unless it was not built.
expect_status 0 "$NSPEEK" stack --pause=never --json "$TARGET"
ITERATOR=$(query .processes[0].capture.task_iterator)
say "task iterator: $ITERATOR"
case $ITERATOR in
'"loaded"') SOURCE=task-iterator ;;
'"this build has no task iterator"')
	SOURCE=proc
	[ "${NSPEEK_BPF:-OFF}" = OFF ] || fail "the iterator was built, and is not there"
	;;
*)
	[ ! -e /sys/kernel/btf/vmlinux ] || fail "the kernel has types and gives no iterator"
	SOURCE=proc
	;;
esac
assert_eq "$(query '[.processes[0].threads[].source] | unique')" "[\"$SOURCE\"]" "source"

# Some threads, and one by its own id.
TID=$(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -n 1)
for policy in auto never each all; do
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json -t "$TID" "$TARGET"
	assert_eq "$(query '[.processes[0].threads[].tid]')" "[$TID]" "the chosen thread by $policy"
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$TID"
	assert_eq "$(query '.processes[0] | [.pid, (.threads | length)]')" "[$TARGET,6]" \
		"a thread id as target by $policy"
done
target_after "$TARGET"

# From inside a PID namespace, ids are those that we see.
# shellcheck disable=SC2016
expect_status 0 unshare --pid --fork --mount-proc bash -c '
	"$1/container" threads 2 >"$3/inner.out" & inner=$!
	until grep -q READY "$3/inner.out"; do sleep 0.05; done
	sleep 0.2
	echo /proc/$inner/task/* | sed "s,/proc/$inner/task/,,g" >"$3/inner.tids"
	"$2" stack --pause=never --json $inner' bash "$FIXTURES" "$NSPEEK" "$WORK"
assert_eq "$(query '[.processes[0].threads[].tid] | sort')" \
	"[$(tr ' ' , <"$WORK/inner.tids")]" "thread ids inside a PID namespace"
assert_eq "$(query '[.processes[0].threads[] | .tid == .ns_tid, .source, .status] | unique')" \
	"[true,\"complete\",\"$SOURCE\"]" "threads inside a PID namespace"

# Many threads are worth loading it.
start many "$FIXTURES/pause_meter" 99 5 idle
await_line "$WORK/many.out" '^READY'
retry 10 has_state "$STARTED" S || fail "the target does not sleep"
expect_status 0 "$NSPEEK" stack --json "$STARTED"
assert_eq "$(query '[.processes[0].threads[] | .source, .status] | unique')" \
	"$(jq -nc --arg source "$SOURCE" '["complete", $source] | unique')" "source of many"
finish "$STARTED"

# One that never sleeps: stopped, alone, or said to be missing.
start meter "$FIXTURES/pause_meter" 3 5
await_line "$WORK/meter.out" '^READY'
TARGET=$STARTED
target_before "$TARGET"
# On a busy machine it is found off its CPU now and then: then it need not be stopped either.
is_stopped_alone() {
	expect_status 0 "$NSPEEK" stack --json "$TARGET"
	assert_eq "$(query '[.processes[0].threads[] | select(.tid != '"$TARGET"') |
		.method, .pause_us] | unique')" '[0,"no-stop"]' "the others"
	assert_eq "$(query '[.processes[0].threads[].status] | unique')" '["complete"]' "status"
	[ "$(query '.processes[0].threads[] | select(.tid == '"$TARGET"') | .method')" = '"stop"' ]
}
says_one() {
	expect_status 0 "$NSPEEK" stack "$TARGET"
	[[ $OUT == *", 3 read without a stop "*", 1 stopped one at a time, for "* ]]
}
retry 20 is_stopped_alone || fail "the spinning thread is never stopped: $OUT"
retry 20 says_one || fail "nothing said of a stop: $OUT"
run "$NSPEEK" stack --pause=never --json "$TARGET"
((STATUS <= 1)) || fail "status $STATUS: $ERR"
[ "$STATUS" = 0 ] || assert_eq "$(query '[.processes[0].threads[] | select(.tid == '"$TARGET"')
	| .method, .reason]')" '["none","it ran whenever it was looked at, and was not to be stopped"]' \
	"the spinning thread by never"
assert_eq "$(query '[.processes[0].threads[].pause_us] | unique')" '[0]' "pauses by never"
target_after "$TARGET"
passed
