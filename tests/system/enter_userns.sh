#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The user namespace of an ordinary user (`unshare -Ur`): its owner enters it with no privilege
# outside, root enters it too, and who is neither is told so.
. "$(dirname "$0")/../support/lib.sh"

need_root
make_user
need_user_namespaces
APP=$WORK/app
cp "$FIXTURES/container" "$APP"

start_unshare_as_user() {
	start unshare "${AS_USER[@]}" unshare "$@" --kill-child "$APP" init
	await_child "$STARTED"
	TARGET=$CHILD
	await_program "$TARGET" app
}

start_unshare_as_user -Ur --pid --mount-proc --net --uts --ipc --cgroup --fork
check_inside "$APP"
target_before "$TARGET"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" "$TARGET" -- "$APP" ns
expect_same_view "$TARGET"
expect_our_view time
expect_status 0 "${AS_USER[@]}" "$NSPEEK" "$TARGET" -- "$APP" id
assert_contains "$OUT" "uid=0,0,0 gid=0,0,0"
target_after "$TARGET"

# Where 0 is not mapped, the command runs as the target.
start_unshare_as_user -Uc --pid --mount-proc --fork
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" id
assert_contains "$OUT" "uid=$TEST_UID,$TEST_UID,$TEST_UID gid=$TEST_GID,$TEST_GID,$TEST_GID"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" "$TARGET" -- "$APP" id
assert_contains "$OUT" "uid=$TEST_UID,$TEST_UID,$TEST_UID"
target_after "$TARGET"

# An ordinary user and a container of root's: refused, with the reason.
start_unshare --uts --pid --fork --mount-proc -- "$APP" init
target_before "$TARGET"
expect_status 125 "${AS_USER[@]}" "$NSPEEK" "$TARGET" -- "$APP" ns
assert_one_error
target_after "$TARGET"
passed
