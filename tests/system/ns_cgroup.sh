#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `ns` says of cgroups: the tightest limit and who sets it, frozen in v1 and v2 by an ancestor,
# hostile names, hierarchies that are not mounted or outside of our cgroup namespace.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/ns.sh"
# shellcheck source=/dev/null
. "$SUPPORT/cgroup.sh"

need_root
need_tool jq unshare
NAME=nspeek-test-$$
V2=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
[ -n "$V2" ] || skip "cgroup2"
[ -w "$V2/cgroup.procs" ] || skip "a cgroup2 file system that may be written"
PIDS=$(awk '$0 ~ / - cgroup / && "," $NF "," ~ ",pids," { print $5; exit }' /proc/self/mountinfo)

# A path may hold any byte but a newline.
start target "$FIXTURES/container" init
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
OUTER=$V2/$NAME
INNER="$OUTER/in ner:"$'\033'"\\x"
make_cgroup "$OUTER"
make_cgroup "$INNER"
echo "$TARGET" >"$INNER/cgroup.procs" || fail "moving into $INNER"
target_before "$TARGET"

v2_path() {
	fields '.targets[0].confinement.cgroups.paths[] | select(.hierarchy == "v2") | .path'
}
expect_status 0 "$NSPEEK" ns --json "$TARGET"
assert_contains "$(v2_path)" "/$NAME/in ner:\\x1b\\x5cx"
expect_field '.targets[0].confinement.cgroups | [.frozen, .frozen_by]' '[false,null]'
expect_field '[.targets[0].confinement.cgroups.pressure[] | .some.avg10 | type] | unique' \
	"$([ -e "$INNER/cpu.pressure" ] && cat "$INNER/cpu.pressure" >/dev/null 2>&1 && echo '["number"]' || echo '["null"]')"
expect_status 0 "$NSPEEK" ns "$TARGET"
assert_matches "$OUT" $'\n'"cgroup [^"$'\n'"]*/$NAME/in ner:.x1b.x5cx \([^"$'\n'"]*v2"

# Frozen by an ancestor.
frozen() {
	grep -qx 'frozen 1' "$INNER/cgroup.events"
}
echo 1 >"$OUTER/cgroup.freeze"
retry 10 frozen || fail "$INNER does not freeze"
expect_status 0 "$NSPEEK" ns --json "$TARGET"
expect_field '.targets[0].confinement.cgroups.frozen' true
assert_matches "$(fields '.targets[0].confinement.cgroups.frozen_by')" "/$NAME\$"
expect_status 0 "$NSPEEK" ns "$TARGET" $$
assert_matches "$OUT" $'\n'"frozen +$TARGET \(container\): by /.*$NAME"
echo 0 >"$OUTER/cgroup.freeze"

# From inside a cgroup namespace that it is not in, where only that is mounted.
cat >"$WORK/apart.sh" <<'EOF'
echo 0 >"$1/cgroup.procs" && exec unshare --cgroup --mount --propagation private sh -c \
	'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$0" ns "$1"' "$2" "$3"
EOF
make_cgroup "$V2/$NAME-apart"
expect_status 0 sh "$WORK/apart.sh" "$V2/$NAME-apart" "$NSPEEK" "$TARGET"
assert_matches "$OUT" $'\n'"unknown_limits +.*v2: outside of our cgroup namespace"
assert_lacks "$OUT" "none of memory"
# And where none is mounted.
# shellcheck disable=SC2016
expect_status 0 unshare --mount --propagation private sh -c 'umount -R /sys/fs/cgroup && exec "$0" ns "$1"' "$NSPEEK" "$TARGET"
assert_matches "$OUT" $'\n'"unknown_limits +.*v2: its hierarchy is not mounted here"
assert_contains "$OUT" "no_new_privs"
target_after "$TARGET"

# The tightest of several limits, in v1: not the nearest.
if [ -n "$PIDS" ]; then
	OUTER=$PIDS/$NAME
	make_cgroup "$OUTER"
	make_cgroup "$OUTER/inner"
	echo 33 >"$OUTER/pids.max"
	echo 44 >"$OUTER/inner/pids.max"
	echo "$TARGET" >"$OUTER/inner/cgroup.procs" || fail "moving into $OUTER"
	expect_status 0 "$NSPEEK" ns --json "$TARGET"
	expect_field '.targets[0].confinement.cgroups.pids | [.max, .current]' '[33,1]'
	assert_matches "$(fields '.targets[0].confinement.cgroups.pids.cgroup')" "/$NAME\$"
	echo 22 >"$OUTER/inner/pids.max"
	expect_status 0 "$NSPEEK" ns "$TARGET"
	assert_matches "$OUT" $'\n'"tasks +at most 22, by /.*$NAME/inner"
fi
passed
