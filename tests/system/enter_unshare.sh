#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The namespaces of `unshare --pid --mount-proc --fork`: PID and mount differ, all others are ours
# and are not joined again.
. "$(dirname "$0")/../support/lib.sh"

need_root
APP=$FIXTURES/container
start_unshare --pid --mount-proc --fork -- "$APP" init
check_inside "$APP"

expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" ps
assert_contains "$OUT" "1 container"
expect_status 0 "$NSPEEK" -v "$TARGET" -- "$APP" ns
for type in cgroup ipc net time user uts; do
	assert_matches "$ERR" "$type"
done
expect_our_view cgroup ipc net time user uts

# A thread id is as good as the process id.
start_unshare --pid --mount-proc --uts --fork -- "$APP" threads 2
retry 10 test -d "/proc/$TARGET/task" || fail "no threads"
await_line "$WORK/unshare.out" '^READY'
tid=$(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -n 1)
assert_ne "$tid" "$TARGET" "the last thread"
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$tid" -- "$APP" ns
expect_same_view "$TARGET"
target_after "$TARGET"
passed
