#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bubblewrap containers, made by root and by an ordinary user: a user namespace in which mostly
# everything is new, but not the time namespace.
. "$(dirname "$0")/../support/lib.sh"

need_root
start_bwrap /bin/app init
check_inside /bin/app
expect_status 0 "$NSPEEK" "$TARGET" app hostname
assert_eq "$OUT" wrapped
finish "$STARTED"

make_user
need_user_namespaces
# An ordinary user's container, entered by root.
start_bwrap as "$TEST_USER" /bin/app init
check_inside /bin/app

# And by the user that made it, who has no privilege outside.
target_before "$TARGET"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" "$TARGET" -- /bin/app ns
expect_same_view "$TARGET"
expect_status 5 "${AS_USER[@]}" "$NSPEEK" "$TARGET" -- app exit 5
target_after "$TARGET"
passed
