#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `enter_oci.sh RUNTIME`: a container of crun or runc with a read-only root that holds one static
# program. There is no shell and no library in it.
. "$(dirname "$0")/../support/lib.sh"

"start_$1" /bin/app init
check_inside /bin/app

expect_status 0 "$NSPEEK" "$TARGET" app hostname
assert_eq "$OUT" boxed
expect_status 0 "$NSPEEK" "$TARGET" app printenv WHERE
assert_eq "$OUT" container
expect_status 0 "$NSPEEK" "$TARGET" app ls /bin
assert_eq "$OUT" app

# Its capabilities are those that the container can have; --privileged keeps ours.
bounding=$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")
own=$(awk '/^CapBnd/ { print $2 }' /proc/self/status)
assert_ne "$bounding" "$own" "the container's bounding set"
expect_status 0 "$NSPEEK" "$TARGET" app caps
assert_contains "$OUT" "bounding $bounding"
assert_contains "$OUT" "effective $bounding"
assert_contains "$OUT" "permitted $bounding"
assert_contains "$OUT" "ambient 0000000000000000"
assert_contains "$OUT" "inheritable 0000000000000000"
assert_contains "$OUT" \
	"no_new_privs $(awk '/^NoNewPrivs/ { print $2 }' "/proc/$TARGET/status")"
expect_status 0 "$NSPEEK" --privileged "$TARGET" app caps
assert_contains "$OUT" "effective $own"
assert_contains "$OUT" "no_new_privs 0"

# No shell: every place that was searched is named.
expect_status 127 "$NSPEEK" --tools=never "$TARGET"
assert_one_error /bin/sh
target_after "$TARGET"
passed
