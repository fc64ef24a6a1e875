#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `stack_matrix.sh RUNTIME`: the stacks of PID 1 of that runtime's containers (see
# support/runtimes.sh): a static program of five threads, and a dynamic one that knows its own call
# chain. After it, the container and the host are what they were.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/runtimes.sh"

need_tool jq ldd

# symbols_of THREAD: the functions on the stack of the thread of this name, innermost first.
symbols_of() {
	jq -r --arg name "$1" '.processes[0].threads[] | select(.name == $name) | .frames[].symbol // "?"' \
		"$WORK/run.out" | tr '\n' ' '
}

all_asleep() {
	[ -z "$(awk '/^State:/ && $2 != "S"' "/proc/$TARGET"/task/*/status)" ]
}

take_stack() {
	retry 10 all_asleep || fail "the threads of $TARGET do not come to rest"
	expect_status 0 "$NSPEEK" stack --json "$TARGET"
	assert_eq "$ERR" "" stderr
	assert_eq "$(jq -c '.processes[0] | [.pid, .ns_pid, ([.threads[].status] | unique)]' "$WORK/run.out")" \
		"[$TARGET,1,[\"complete\"]]" "both PIDs, and the threads' states"
}

lab_open
box_root static
start_box "$1" static app /bin/app threads 4
box_before "$TARGET"
take_stack
assert_contains "$(symbols_of app)" "accept_connections verb_threads "
for ((i = 0; i < 4; i++)); do
	assert_contains "$(symbols_of "worker-$i")" "wait_for_work handle_requests run_worker "
done
# (Of a chrooted process the kernel says more than its own path.)
assert_matches "$(jq -r '[.processes[0].threads[].frames[].module] | unique[]' "$WORK/run.out")" \
	'^[^'$'\n'']*/bin/app$'
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_eq "$ERR" "" stderr
for word in worker-0 worker-3 wait_for_work handle_requests accept_connections /bin/app; do
	assert_contains "$OUT" "$word"
done
box_after "$TARGET"
stop_box static

PROGRAM=$FIXTURES/chain/gcc-O2-dynamic
[ -x "$PROGRAM" ] || PROGRAM=$FIXTURES/chain/clang-O2-dynamic
[ -x "$PROGRAM" ] || skip "a dynamic fixture"
box_root dynamic
add_dynamic "$ROOT" "$PROGRAM" chain
start_box "$1" dynamic chain /bin/sh -c 'exec /bin/chain threads >/tmp/truth'
TRUTH=/proc/$TARGET/root/tmp/truth
await_line "$TRUTH" '^READY'
box_before "$TARGET"
take_stack
# The program knows its threads by the numbers that they have inside.
wrong=$(jq '.processes[0].threads |= map(.tid = .ns_tid)' "$WORK/run.out" |
	jq -r --rawfile truth "$TRUTH" --arg names all --argjson above 5 --argjson below 3 \
		-f "$SUPPORT/compare-chain.jq") || fail "no JSON: $OUT"
assert_eq "$wrong" "" "what is wrong"
box_after "$TARGET"
stop_box dynamic
passed
