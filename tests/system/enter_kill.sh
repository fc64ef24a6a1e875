#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGKILL of nspeek at many moments: the target is as before, and nothing of nspeek or of the command
# is left.
. "$(dirname "$0")/../support/lib.sh"

start_demo
target_before "$TARGET"

# How long a run takes, in microseconds.
begin=${EPOCHREALTIME/./}
for _ in 1 2 3 4 5; do
	"$NSPEEK" "$TARGET" -- app exit 0 || fail "a plain run"
done
LENGTH=$(((${EPOCHREALTIME/./} - begin) / 5))

MOMENTS=60
for ((i = 0; i < MOMENTS; i++)); do
	"$NSPEEK" "$TARGET" -- app sleep &
	victim=$!
	sleep "$(awk -v us=$((LENGTH * 3 * i / MOMENTS / 2)) 'BEGIN { printf "%.6f", us / 1e6 }')"
	kill -KILL "$victim"
	wait "$victim" 2>/dev/null
done
target_after "$TARGET"

# And of a command that had long been running.
start command "$NSPEEK" "$TARGET" -- app sleep
await_command "$STARTED"
kill -KILL "$STARTED"
target_after "$TARGET"

# The target dies while the command runs: that ends the command, and is said.
start command "$NSPEEK" "$TARGET" -- app sleep
await_command "$STARTED"
kill -KILL "$TARGET"
wait "$STARTED"
assert_eq $? 137 "status when the container dies"
[ -s "$WORK/command.err" ] || fail "nothing was said about the target's end"
assert_matches "$(cat "$WORK/command.err")" '^nspeek: '
passed
