#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The stacks of a container that nothing but one static program is in: threads with both ids, names
# of functions, text and JSON of the same capture's shape.
. "$(dirname "$0")/../support/lib.sh"

need_tool jq
start_demo
target_before "$TARGET"

expect_status 0 "$NSPEEK" stack --pause=all --json "$TARGET"
assert_eq "$ERR" "" stderr
cp "$WORK/run.out" "$WORK/json"

# query FILTER EXPECTED
query() {
	assert_eq "$(jq -c "$1" "$WORK/json")" "$2" "$1"
}

query .schema '"nspeek.stack/1"'
query '.processes | length' 1
query '.processes[0].pid' "$TARGET"
query '.processes[0].ns_pid' 1
query '.processes[0].comm' '"app"'
query '.processes[0].exe' '"/bin/app"'
query '.processes[0].capture.pause' '"all"'
query '.processes[0].capture | (.paused_us > 0 and .longest_thread_pause_us > 0
	and .longest_thread_pause_us <= .paused_us and .window_us >= .paused_us)' true
query '[.processes[0].threads[].name]' \
	'["app","worker-0","worker-1","worker-2","worker-3"]'
query '[.processes[0].threads[].ns_tid] | (.[0] == 1 and (unique | length) == 5)' true
query '[.processes[0].threads[].tid] | sort' \
	"$(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | jq -cs .)"
query '[.processes[0].threads[].state] | unique' '["S"]'
query '[.processes[0].threads[].status] | unique' '["complete"]'
query '[.processes[0].threads[].method] | unique' '["stop"]'
query '[.processes[0].threads[].reason] | unique' '[null]'
query '.processes[0].threads[0].syscall.name' '"pause"'
query '.processes[0].threads[1].syscall.name' '"futex"'
query '.processes[0].threads[0].syscall.args | length' 6
query '[.processes[0].threads[0].frames[].symbol] | contains(["accept_connections", "main"])' true
query '[.processes[0].threads[1].frames[].symbol] |
	contains(["wait_for_work", "handle_requests", "run_worker"])' true
query '[.processes[0].threads[].frames[].module] | unique' '["/bin/app"]'
# The keys of the contract are all there.
query '.processes[0] | keys - ["capture","comm","container","exe","goroutines","findings","left_out","loaded","ns_pid","pid","round","sandbox","threads","time","worker"]' '[]'
query '.processes[0].threads[0] | ["cpu","cpu_ms","eintr","fds","fds_more","frames","kernel","lock","method",
	"name","ns_tid","pause_us","reason","source","state","status","syscall","tid","waited_ms","waits_for"] - keys' '[]'
query '.processes[0].threads[0].frames[0] | ["build_id","file","inline","line","module","offset",
	"pc","signal","symbol","symbol_offset","via"] - keys' '[]'
query '[.processes[0].threads[].frames[0].via] | unique' '[null]'
query '[.processes[0].threads[].frames[1:][].via] | unique - ["cfi","debug-frame","forward",
	"frame-pointer","sigreturn","rbp-recovered","gopclntab"]' '[]'
query '[.processes[0].threads[].frames[] | .pc, .offset | test("^0x[0-9a-f]+$")] | all' true

# The offset is what addr2line takes.
if command -v addr2line >/dev/null; then
	offset=$(jq -r '.processes[0].threads[1].frames[] | select(.symbol == "wait_for_work") | .offset' \
		"$WORK/json")
	assert_eq "$(addr2line -f -e "$FIXTURES/container" "$offset" | head -n 1)" wait_for_work \
		"addr2line of $offset"
fi

# Text: every thread's id, name and frames are in it.
expect_status 0 "$NSPEEK" stack --no-unique "$TARGET"
for word in worker-0 worker-3 wait_for_work handle_requests accept_connections main /bin/app; do
	assert_contains "$OUT" "$word"
done
for tid in $(jq '.processes[0].threads[].tid' "$WORK/json"); do
	assert_contains "$OUT" "$tid"
done
assert_lacks "$OUT" $'\033'
expect_status 0 "$NSPEEK" stack --color=always "$TARGET"
assert_contains "$OUT" $'\033['

# Identical stacks are merged: the four workers stand once.
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_eq "$(printf '%s\n' "$OUT" | grep -c handle_requests)" 1 "stacks with handle_requests"

# Only some threads.
worker=$(jq '.processes[0].threads[2].tid' "$WORK/json")
expect_status 0 "$NSPEEK" stack --json --thread "$worker" "$TARGET"
assert_eq "$(jq -c '[.processes[0].threads[].tid]' "$WORK/run.out")" "[$worker]" "threads"

# Cutting is said: the stack is not complete.
expect_status 1 "$NSPEEK" stack --json --max-frames 2 "$TARGET"
assert_eq "$(jq -c '[.processes[0].threads[] | .frames | length] | unique' "$WORK/run.out")" \
	'[2]' "frames"
assert_eq "$(jq -c '[.processes[0].threads[] | .status] | unique' "$WORK/run.out")" \
	'["partial"]' "status"
assert_ne "$(jq -r '.processes[0].threads[0].reason' "$WORK/run.out")" null "the reason"

# Two targets in one document.
start second "$FIXTURES/container" threads 1
await_line "$WORK/second.out" '^READY'
expect_status 0 "$NSPEEK" stack --json "$TARGET" "$STARTED"
assert_eq "$(jq -c '[.processes[].pid]' "$WORK/run.out")" "[$TARGET,$STARTED]" "processes"
target_after "$TARGET"
passed
