#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A chrooted process: its root and working directory are the command's, though no namespace differs.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox
make_root "$WORK/root"
add_busybox "$WORK/root"
mkdir "$WORK/root/srv"
start chroot chroot "$WORK/root" /bin/busybox sh -c 'cd /srv && exec /bin/app init'
TARGET=$STARTED
await_program "$TARGET" app

target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- /bin/app pwd
assert_eq "$OUT" /srv
assert_eq "$ERR" "" stderr
expect_status 0 "$NSPEEK" "$TARGET" -- /bin/app ls /
assert_contains "$OUT" srv
assert_lacks "$OUT" home
# The way out that nsenter leaves open: what is above the root is the root.
expect_status 0 "$NSPEEK" "$TARGET" -- /bin/app ls /..
assert_contains "$OUT" srv
expect_status 0 "$NSPEEK" "$TARGET" -- /bin/app ls ../..
assert_contains "$OUT" srv
expect_status 127 "$NSPEEK" "$TARGET" -- "$FIXTURES/container" ls
target_after "$TARGET"

# The same in a mount and PID namespace.
# shellcheck disable=SC2016
start_unshare --mount --pid --fork --mount-proc -- chroot "$WORK/root" \
	/bin/busybox sh -c 'cd /srv && exec /bin/app init'
await_program "$TARGET" app
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- /bin/app pwd
assert_eq "$OUT" /srv
expect_status 0 "$NSPEEK" "$TARGET" -- /bin/app ls /..
assert_contains "$OUT" srv
target_after "$TARGET"

# A working directory outside of the root would be a way out: "/" instead, and a word about it.
start straddling "$FIXTURES/container" straddle "$WORK/root" init
TARGET=$STARTED
await_line "$WORK/straddling.out" '^READY'
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- /bin/app pwd
assert_eq "$OUT" /
assert_contains "$ERR" "nspeek: "
expect_status 0 "$NSPEEK" "$TARGET" -- /bin/app ls .
assert_contains "$OUT" srv
target_after "$TARGET"
passed
