#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A time namespace: both clocks of the command are the container's.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_that "time namespaces" unshare --time true
APP=$FIXTURES/container
start_unshare --time --boottime 300000 --monotonic 50000 --pid --mount-proc --fork -- "$APP" init
assert_ne "$(readlink "/proc/$TARGET/ns/time")" "$(readlink /proc/self/ns/time)" "the time namespace"
check_inside "$APP"

clock() {
	awk -v clock="$1" '$1 == clock { print $2 }'
}

expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" clocks
outside=$("$APP" clocks)
for row in monotonic:50000 boottime:300000; do
	inside_value=$(printf '%s\n' "$OUT" | clock "${row%:*}")
	outside_value=$(printf '%s\n' "$outside" | clock "${row%:*}")
	offset=$((inside_value - outside_value - ${row#*:}))
	((offset >= -5 && offset <= 5)) ||
		fail "${row%:*} inside is $inside_value, outside $outside_value"
done

# Not joined, the clocks stay ours.
expect_status 0 "$NSPEEK" --except=time "$TARGET" -- "$APP" clocks
inside_value=$(printf '%s\n' "$OUT" | clock boottime)
outside_value=$(printf '%s\n' "$outside" | clock boottime)
((inside_value - outside_value < 10)) || fail "boottime inside is $inside_value"
target_after "$TARGET"
passed
