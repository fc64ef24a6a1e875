#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A container of all eight namespace types, with its own root that holds one static program.
. "$(dirname "$0")/../support/lib.sh"

start_demo
for type in cgroup ipc mnt net pid time user uts; do
	assert_ne "$(readlink "/proc/$TARGET/ns/$type")" "$(readlink "/proc/self/ns/$type")" \
		"the demo's $type namespace"
done
check_inside /bin/app

expect_status 0 "$NSPEEK" "$TARGET" app hostname
assert_eq "$OUT" demo
expect_status 0 "$NSPEEK" "$TARGET" app ls /
assert_eq "$(printf '%s\n' "$OUT" | sort | tr '\n' ' ')" "bin proc tmp " "the root inside"
expect_status 0 "$NSPEEK" "$TARGET" app pwd
assert_eq "$OUT" /
expect_status 0 "$NSPEEK" "$TARGET" app exe
assert_eq "$OUT" /bin/app
expect_status 0 "$NSPEEK" "$TARGET" app id
assert_eq "$OUT" "uid=0,0,0 gid=0,0,0 groups="

# Both clocks are the container's.
expect_status 0 "$NSPEEK" "$TARGET" app clocks
inside=$(printf '%s\n' "$OUT" | awk '/^monotonic/ { print $2 }')
outside=$("$FIXTURES/container" clocks | awk '/^monotonic/ { print $2 }')
((inside - outside >= 99990 && inside - outside <= 100010)) ||
	fail "the monotonic clock inside is $inside, outside $outside"
target_after "$TARGET"
passed
