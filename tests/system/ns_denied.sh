#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# User namespaces, and joining that is denied: as an ordinary user, for want of a capability, under a
# filter. What `ns` says is what --dry-run says, and what is said to work works.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/ns.sh"

need_root
need_tool jq setpriv
make_user
need_user_namespaces
APP=$WORK/app
cp "$FIXTURES/container" "$APP" && chmod 755 "$APP"
OURS=$(inode_of self user)

# A process of the user in namespaces that root has made.
start_unshare --net --uts --fork -- "${AS_USER[@]}" "$APP" init
target_before "$TARGET"
agrees_with_enter env
agrees_with_enter "${AS_USER[@]}"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" ns "$TARGET"
assert_matches "$OUT" $'\n'"denied +net, uts: CAP_SYS_ADMIN over user namespace $OURS is missing"$'\n'
assert_matches "$OUT" $'\n'"net .* denied"$'\n'
expect_status 0 "${AS_USER[@]}" "$NSPEEK" ns --json "$TARGET"
expect_field '.targets[0].namespaces | [.net.join, .uts.join, .ipc.join]' '["denied","denied","skip"]'
# Root without a capability.
agrees_with_enter setpriv --bounding-set -sys_admin
expect_status 0 setpriv --bounding-set -sys_admin "$NSPEEK" ns -o type,join,reason --noheadings "$TARGET"
assert_matches "$OUT" $'\n'"net +denied +CAP_SYS_ADMIN over user namespace $OURS is missing"
# Somebody else's processes cannot be looked at; it is said once, and nothing else.
expect_status 2 "${AS_USER[@]}" "$NSPEEK" ns 1
assert_one_error "process 1" "ermission"
for words in "ps 1" "stack -A 1"; do
	# shellcheck disable=SC2086
	expect_status 2 "${AS_USER[@]}" "$NSPEEK" $words
	assert_one_error "ermission"
	assert_contains "$ERR" $'\n'"hint: "
done
expect_status 1 "${AS_USER[@]}" "$NSPEEK" ns --json 1 "$TARGET"
expect_field '[.targets[].pid]' "[$TARGET]"
target_after "$TARGET"

start_unshare --mount --uts --fork -- "$APP" init
agrees_with_enter setpriv --bounding-set -sys_chroot
expect_status 0 setpriv --bounding-set -sys_chroot "$NSPEEK" ns --json "$TARGET"
expect_field '.targets[0].namespaces | [.mnt.join, .mnt.reason, .uts.join]' '["denied","CAP_SYS_CHROOT is missing","ok"]'
# A filter, which no capability shows: it is tried, and what is refused is not said to work.
expect_status 0 "$FIXTURES/deny" setns=EPERM -- "$NSPEEK" ns --json "$TARGET"
expect_field '.targets[0].namespaces | [.mnt.join, .uts.join, .net.join]' '["denied","denied","skip"]'
assert_contains "$(fields '.targets[0].namespaces.uts.reason')" "seccomp"
expect_status 0 "$FIXTURES/deny" setns-many=EINVAL -- "$NSPEEK" ns --json "$TARGET"
expect_field '.targets[0].namespaces | [.mnt.join, .uts.join, .net.join]' '["ok","ok","skip"]'

# The user's own user namespace: its maps, who made it, and what it owns, for its user and for root.
start rootless "${AS_USER[@]}" unshare --user --map-root-user --net --mount --pid --fork --kill-child "$APP" init
await_line "$WORK/rootless.out" '^READY'
await_child "$STARTED"
TARGET=$CHILD
target_before "$TARGET"
for runner in env "${AS_USER[*]}"; do
	# shellcheck disable=SC2086
	agrees_with_enter $runner
	# shellcheck disable=SC2086
	expect_status 0 $runner "$NSPEEK" ns --json "$TARGET"
	expect_ids 0 "$TARGET"
	expect_field '.targets[0].namespaces.user | [.uid_map, .gid_map, .setgroups, .made_by_uid, .parent]' \
		"[[{\"inside\":0,\"outside\":$TEST_UID,\"count\":1}],[{\"inside\":0,\"outside\":$TEST_GID,\"count\":1}],\"deny\",$TEST_UID,$OURS]"
	expect_field '[.targets[0].namespaces | .user, .net, .mnt, .pid, .pid_for_children | .join] | unique' '["ok"]'
	expect_field '[.targets[0].namespaces | .net, .mnt, .pid | .owner_user_ns] | unique' "[$(inode_of "$TARGET" user)]"
done
expect_status 0 "$NSPEEK" ns "$TARGET"
for line in "uid_map +0 inside is $TEST_UID" "gid_map +0 inside is $TEST_GID" "setgroups +denied" "made_by +uid $TEST_UID" \
	"ids +uid $TEST_UID \(0 inside\), gid $TEST_GID \(0 inside\)" "capabilities +all \(over what its user namespace owns\)"; do
	assert_matches "$OUT" $'\n'"$line"
done
target_after "$TARGET"

# Many ids, and a process that is none of them.
start mapped unshare --user --fork --kill-child "$APP" init
await_line "$WORK/mapped.out" '^READY'
await_child "$STARTED"
expect_status 0 "$NSPEEK" ns "$CHILD"
assert_matches "$OUT" $'\n'"uid_map +none: no id is mapped"$'\n'
assert_matches "$OUT" $'\n'"ids +uid 0 \(not mapped inside\)"
env printf '0 100000 65536\n70000 0 1\n' >"/proc/$CHILD/uid_map" || fail "uid_map"
expect_status 0 "$NSPEEK" ns "$CHILD"
assert_matches "$OUT" $'\n'"uid_map +0-65535 inside is 100000-165535, 70000 inside is 0"$'\n'
assert_matches "$OUT" $'\n'"ids +uid 0 \(70000 inside\)"
passed
