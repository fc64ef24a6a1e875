#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For how long goroutines wait, by the clock of the program, which may be another one: in a time namespace, of its own or
# of ours, also where nspeek is in one.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool go jq
export GOCACHE="$WORK/cache" GOPATH="$WORK/path" GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0
go build -ldflags '-s -w' -o "$WORK/waits" "$TREE/tests/fixtures/runtimes/waits.go" ||
	fail "go does not build the fixture"

# begin COMMAND...: the program, run by COMMAND, as TARGET, from BEGUN on.
begin() {
	BEGUN=$(date +%s%N)
	start waits "$@" "$WORK/waits"
	await_line "$WORK/waits.out" '^READY'
	TARGET=$(pgrep -f "^$WORK/waits\$")
}

# is_plausible COMMAND...: what COMMAND, nspeek, says of the goroutines that receive and lock, as JSON, and loaded again.
is_plausible() {
	local most
	sleep 0.3
	expect_status 0 "$@" stack --json --save "$WORK/kept" "$TARGET"
	most=$((($(date +%s%N) - BEGUN) / 1000000))
	jq -c --argjson most "$most" '[.processes[0].goroutines.stacks[]
		| select(any(.frames[].symbol; . == "main.receive" or . == "main.lock")) | .waited_ms
		| if . == null then "UNKNOWN" elif . >= 250 and . <= $most then "PLAUSIBLE" else . end]
		| unique' "$WORK/run.out" >"$WORK/waited"
	assert_eq "$(cat "$WORK/waited")" "[\"PLAUSIBLE\"]" "how long they have waited, $most ms at most"
	jq -c '[.processes[0].goroutines.stacks[].waited_ms]' "$WORK/run.out" >"$WORK/direct"
	expect_status 0 "$NSPEEK" stack --json --load "$WORK/kept"
	assert_eq "$(jq -c '[.processes[0].goroutines.stacks[].waited_ms]' "$WORK/run.out")" \
		"$(cat "$WORK/direct")" "how long they had waited"
}

begin
target_before "$TARGET"
is_plausible "$NSPEEK"
# What does not wait has not waited.
jq -e '[.processes[0].goroutines.stacks[] | select(.state != "waiting") | .waited_ms] | all(. == null)' "$WORK/run.out" >/dev/null ||
	fail "one that could run has waited"
target_after "$TARGET"
finish "$STARTED"

need_that "time namespaces" unshare --time true
for offset in 5000000 -100; do
	# A clock that is before the host's is so only while it does not come below zero.
	[ "$offset" -gt 0 ] || [ "$(cut -d. -f1 /proc/uptime)" -gt 150 ] || continue
	begin unshare --time --monotonic "$offset" --fork --kill-child
	assert_ne "$(readlink "/proc/$TARGET/ns/time")" "$(readlink /proc/self/ns/time)" "the time namespace"
	is_plausible "$NSPEEK"
	is_plausible unshare --time --monotonic 70000 --fork "$NSPEEK"
	finish "$STARTED"
done
passed
