#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `--save` and `--load` of a Go program: the goroutines that no thread ran are kept, and unwound and named where neither
# the process nor its file is, as they were.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool go jq
export GOCACHE="$WORK/cache" GOPATH="$WORK/path" GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0
go build -ldflags '-s -w' -o "$WORK/waits" "$TREE/tests/fixtures/runtimes/waits.go" ||
	fail "go does not build the fixture"

# keep NAME STATUS OPTION...: saves the process as NAME.snapshot, with what was printed meanwhile.
keep() {
	local name=$1 status=$2
	shift 2
	expect_status "$status" "$NSPEEK" stack --no-inlines --save "$WORK/$name.snapshot" "$@" "$TARGET"
	cp "$WORK/run.out" "$WORK/$name.out"
}

# loads_as_saved NAME STATUS OPTION...: prints it again, the same but for where it is from and what took how long.
loads_as_saved() {
	local name=$1 status=$2
	shift 2
	expect_status "$status" "$NSPEEK" stack --no-inlines --load "$WORK/$name.snapshot" "$@"
	grep -v '^loaded from ' "$WORK/run.out" >"$WORK/$name.loaded"
	cmp -s "$WORK/$name.out" "$WORK/$name.loaded" ||
		fail "$name is not what it was: $(diff "$WORK/$name.out" "$WORK/$name.loaded" | head -40)"
}

start waits "$WORK/waits"
TARGET=$STARTED
await_line "$WORK/waits.out" '^READY'
target_before "$TARGET"
keep text 0
assert_matches "$OUT" 'goroutine [0-9]+ \[chan receive\]'
assert_contains "$OUT" 'main.receive+'
# One of the runtime's own can be about to run, and has no stack then.
for ((i = 0; i < 5; i++)); do
	rm -f "$WORK/json.snapshot"
	keep json 0 --json
	! jq -e '.processes[0].goroutines | .parked == (.stacks | length)' "$WORK/json.out" >/dev/null || break
done
keep some 0 --thread "$TARGET"
assert_lacks "$OUT" goroutine
target_after "$TARGET"
finish "$TARGET"
rm "$WORK/waits"

loads_as_saved text 0
loads_as_saved some 0
expect_status 0 "$NSPEEK" stack --no-inlines --json --load "$WORK/json.snapshot"
for file in "$WORK/json.out" "$WORK/run.out"; do
	jq -S '.processes[0] | del(.loaded, .time, .worker, .container, .capture.task_iterator)' "$file" >"$file.same"
done
cmp -s "$WORK/json.out.same" "$WORK/run.out.same" ||
	fail "the JSON is not what it was: $(diff "$WORK/json.out.same" "$WORK/run.out.same" | head -40)"
assert_eq "$(jq -c '.processes[0].goroutines | [.parked == (.stacks | length), .parked > 6, .reason,
	([.stacks[].status] | unique)]' "$WORK/run.out")" '[true,true,null,["complete"]]' "goroutines"
expect_status 0 "$NSPEEK" stack --json --load "$WORK/some.snapshot"
assert_eq "$(jq '.processes[0].goroutines' "$WORK/run.out")" null "goroutines that were not asked for"
# Fewer frames are cut from what was kept, too.
expect_status 1 "$NSPEEK" stack --max-frames 2 --load "$WORK/text.snapshot"
assert_contains "$OUT" 'cut after 2 frames'
passed
