#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Exit statuses: the command's own, 128+N for a signal, 125, 126 and 127 by the contract.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox
make_root "$WORK/root"
add_busybox "$WORK/root"
printf 'not a program\n' >"$WORK/root/bin/plain"
printf '#!/no/such/interpreter\n' >"$WORK/root/bin/orphaned-script"
printf '#!/bin/busybox sh\nexit 42\n' >"$WORK/root/bin/script"
printf 'exit 43\n' >"$WORK/root/bin/headless"
chmod +x "$WORK"/root/bin/{orphaned-script,script,headless}
# A dynamic program whose loader the container lacks.
cp "$FIXTURES/measure" "$WORK/root/bin/dynamic"
start_unshare --mount --pid --uts --fork -- chroot "$WORK/root" /bin/app init
target_before "$TARGET"

for status in 0 1 3 42 125 126 127 255; do
	expect_status "$status" "$NSPEEK" "$TARGET" -- /bin/app exit "$status"
	assert_eq "$OUT$ERR" "" "output with status $status"
done
for sig in 1 2 3 6 9 11 13 14 15 34 64; do
	expect_status $((128 + sig)) "$NSPEEK" "$TARGET" -- /bin/app kill-self "$sig"
done

expect_status 42 "$NSPEEK" "$TARGET" -- /bin/script

# Not found: where it was searched is named.
expect_status 127 "$NSPEEK" "$TARGET" -- /does/not/exist
assert_one_error /does/not/exist
expect_status 127 "$NSPEEK" "$TARGET" -- does-not-exist
assert_one_error does-not-exist /usr/bin /bin
expect_status 127 "$NSPEEK" "$TARGET" -- /bin/app/below
assert_one_error /bin/app/below
expect_status 127 "$NSPEEK" "$TARGET" -- ""
assert_one_error
# A directory that stands twice in PATH is named once.
expect_status 127 env PATH=/a:/b:/a:/b/c:/b "$NSPEEK" -u "$TARGET" -- does-not-exist
assert_one_error "searched /a, /b, /b/c"
assert_lacks "$ERR" "/b/c, "

# Found, but not executable: why is said.
expect_status 126 "$NSPEEK" "$TARGET" -- /bin/plain
assert_one_error /bin/plain "Permission denied"
expect_status 126 "$NSPEEK" "$TARGET" -- plain
assert_one_error /bin/plain
expect_status 126 "$NSPEEK" "$TARGET" -- /bin
assert_one_error /bin
expect_status 126 "$NSPEEK" "$TARGET" -- /bin/orphaned-script
assert_one_error /no/such/interpreter
expect_status 126 "$NSPEEK" "$TARGET" -- /bin/dynamic
assert_one_error /bin/dynamic ld-linux
# No program the kernel knows, and no /bin/sh to give it to.
expect_status 126 "$NSPEEK" "$TARGET" -- /bin/headless
assert_one_error /bin/headless
ln -s busybox "$WORK/root/bin/sh"
expect_status 43 "$NSPEEK" "$TARGET" -- /bin/headless

# Usage.
expect_status 64 "$NSPEEK"
for words in "--no-such-option $TARGET true" "--except=nonsense $TARGET true" "-t $TARGET true"; do
	# shellcheck disable=SC2086
	expect_status 125 "$NSPEEK" $words
	assert_eq "$OUT" "" stdout
	assert_contains "$ERR" nspeek
done
assert_contains "$ERR" "did you mean"
target_after "$TARGET"
passed
