#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 1001 threads of 26 frames: every stack complete, within the contract's memory.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq
start target "$FIXTURES/pause_meter" 1000 26
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
target_before "$TARGET"
expect_status 0 "$NSPEEK" stack --json "$TARGET"
assert_eq "$(jq -c '.processes[0].threads | length' "$WORK/run.out")" 1001 "threads"
assert_eq "$(jq -c '[.processes[0].threads[].status] | unique' "$WORK/run.out")" '["complete"]' \
	"status"
assert_eq "$(jq -c '[.processes[0].threads[] | [.frames[].symbol | select(. == "descend")]
	| length] | unique' "$WORK/run.out")" '[26]' "frames of descend in each thread"

# Text merges the thousand that wait: two stacks, each frame once.
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_eq "$(printf '%s\n' "$OUT" | grep -c wait_for_ever)" 1 "stacks that wait"

read -r _ peak status < <("$FIXTURES/measure" 1 -- "$NSPEEK" stack "$TARGET")
assert_eq "$status" 0 "status"
say "peak memory of one process of nspeek: $peak KiB"
((peak <= 65536)) || fail "peak memory is $peak KiB, more than 64 MiB"
target_after "$TARGET"
passed
