#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A worker that hangs over one module's file, or is killed there: what is in that file is lost and nothing else, and
# it is said.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq python3
LIB=$WORK/lib/libnspeekversion.so.1

query() {
	jq -r "$1" "$WORK/run.out"
}

mkdir "$WORK/lib"
cp "$FIXTURES/version/container/libnspeekversion.so.1" "$WORK/lib"
start program env LD_LIBRARY_PATH="$WORK/lib" "$FIXTURES/version_main"
await_line "$WORK/program.out" '^READY'
expect_status 0 "$NSPEEK" stack --json "$STARTED"
LIBC=$(query '.processes[0].threads[0].frames[0].module | tojson')
assert_eq "$(query '.processes[0].left_out | length')" 0 "modules left out"
finish "$STARTED"

"$SUPPORT/hostile.py" endless-names "$LIB" "$WORK/hostile"
mv "$WORK/hostile" "$LIB"
start program env LD_LIBRARY_PATH="$WORK/lib" "$FIXTURES/version_main"
await_line "$WORK/program.out" '^READY'
TARGET=$STARTED
target_before "$TARGET"

# is_left_out WHY: of the JSON of a run. Of the library there is an address.
is_left_out() {
	assert_eq "$(query '.processes[0].left_out[].module')" "$LIB" "what is left out when it $1"
	assert_eq "$(query '[.processes[0].threads[0].frames[] | .symbol, .module]')" \
		"$(jq -n --argjson libc "$LIBC" '["pause", $libc, null, null]')" "frames when it $1"
	assert_contains "$(query '.processes[0].left_out[].reason')" "it is left out: the unwinding process $1"
}

expect_status 1 timeout 4 "$NSPEEK" stack --timeout=3 --json "$TARGET"
is_left_out "did not end in time"

# Killed while it is there.
is_reading() {
	local worker
	worker=$(pgrep -u nobody -P "$KEEPER") && [ "$(ps -o cputimes= -p "$worker")" -ge 1 ]
}
"$NSPEEK" stack --timeout=60 --json "$TARGET" >"$WORK/run.out" &
KEEPER=$!
retry 30 is_reading || fail "the worker does not work"
pkill -KILL -u nobody -P "$KEEPER"
wait "$KEEPER" && STATUS=0 || STATUS=$?
assert_eq "$STATUS" 1 "status when the worker is killed"
is_left_out "was killed by signal 9"
target_after "$TARGET"
passed
