#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command's environment is the target's, not ours.
. "$(dirname "$0")/../support/lib.sh"

need_root
make_root "$WORK/root"
printf 'root:x:0:0:root:/home/of-root:/bin/app\n' >"$WORK/root/etc/passwd"
start_unshare --mount --pid --fork -- env -i PATH=/nowhere:/bin TERM=target-term HOME=/wrong \
	KEPT="two words" EMPTY= "$(command -v chroot)" "$WORK/root" /bin/app init
target_before "$TARGET"

value_of() {
	expect_status "${2:-0}" "$NSPEEK" "$TARGET" -- app printenv "$1"
}

export SECRET=ours TERM=our-term LD_PRELOAD_OF_OURS=x KEPT=ours
value_of KEPT
assert_eq "$OUT" "two words" KEPT
value_of PATH
assert_eq "$OUT" /nowhere:/bin PATH
value_of EMPTY
assert_eq "$OUT" "" EMPTY
value_of SECRET 1
value_of TERM
assert_eq "$OUT" our-term TERM
value_of HOME
assert_eq "$OUT" /home/of-root HOME
value_of USER
assert_eq "$OUT" root USER
expect_status 0 "$NSPEEK" "$TARGET" -- app printenv
assert_lacks "$OUT" SECRET
assert_lacks "$OUT" LD_PRELOAD_OF_OURS

# Without the mount namespace it is ours.
expect_status 0 "$NSPEEK" --pid "$TARGET" -- "$FIXTURES/container" printenv SECRET
assert_eq "$OUT" ours SECRET
target_after "$TARGET"

# A target without an environment at all, and one whose memory does not begin with one.
start_unshare --mount --pid --fork -- env -i "$(command -v chroot)" "$WORK/root" /bin/app init
expect_status 0 "$NSPEEK" "$TARGET" -- app printenv HOME
assert_eq "$OUT" /home/of-root HOME
passed
