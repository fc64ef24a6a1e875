#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels that lack a system call, as far as nspeek can see: each has its fallback, or is named in
# the error.
. "$(dirname "$0")/../support/lib.sh"

start_demo
DENY=$FIXTURES/deny
need_that "seccomp filters" "$DENY" uselib=ENOSYS -- true
target_before "$TARGET"

for denied in openat2=ENOSYS close_range=ENOSYS setns-many=EINVAL clone3=ENOSYS statx=ENOSYS \
	pidfd_getfd=ENOSYS openat2=EPERM \
	setns-many=EINVAL,close_range=ENOSYS,openat2=ENOSYS,clone3=ENOSYS; do
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" "$TARGET" -- app ns
	assert_eq "$ERR" "" "stderr without $denied"
	expect_same_view "$TARGET"
	expect_status 7 "$DENY" "$denied" -- "$NSPEEK" "$TARGET" -- app exit 7
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" "$TARGET" -- app caps
	assert_contains "$OUT" \
		"bounding $(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")"
	expect_status 127 "$DENY" "$denied" -- "$NSPEEK" "$TARGET" -- /does/not/exist
done

# No fd leaks where they must be closed one by one.
exec 7</etc 300</proc
expect_status 0 "$DENY" close_range=ENOSYS -- "$NSPEEK" "$TARGET" -- app fds
assert_eq "$(printf '%s\n' "$OUT" | awk '{ printf "%s ", $1 }')" "0 1 2 " "fds of the command"
exec 7<&- 300<&-

# What cannot be done without.
expect_status 125 "$DENY" pidfd_open=ENOSYS -- "$NSPEEK" "$TARGET" -- app ns
assert_one_error pidfd_open
assert_contains "$ERR" "Linux 5"
expect_status 125 "$DENY" setns=EPERM -- "$NSPEEK" "$TARGET" -- app ns
assert_one_error setns
target_after "$TARGET"

# The order of joining one by one, for the owner of a rootless container.
make_user
need_user_namespaces
APP=$WORK/app
cp "$FIXTURES/container" "$APP"
# The user may not come where the tests were built.
cp "$DENY" "$WORK/deny"
DENY=$WORK/deny
start rootless "${AS_USER[@]}" unshare -Ur --pid --mount-proc --net --uts --fork --kill-child \
	"$APP" init
await_child "$STARTED"
TARGET=$CHILD
await_program "$TARGET" app
target_before "$TARGET"
for as in root user; do
	runner=()
	[ "$as" = root ] || runner=("${AS_USER[@]}")
	expect_status 0 "${runner[@]}" "$DENY" setns-many=EINVAL -- "$NSPEEK" "$TARGET" -- "$APP" ns
	expect_same_view "$TARGET"
done
target_after "$TARGET"
passed
