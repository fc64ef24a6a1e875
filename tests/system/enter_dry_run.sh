#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --dry-run says each step and whether it is permitted, fails as entering would, and runs nothing.
. "$(dirname "$0")/../support/lib.sh"

need_root
start_demo
target_before "$TARGET"
expect_status 0 "$NSPEEK" --dry-run "$TARGET" -- app exit 3
assert_eq "$ERR" "" "stderr"
for type in user cgroup ipc uts net pid mount time; do
	inode=$(stat -Lc %i "/proc/$TARGET/ns/${type/mount/mnt}")
	assert_contains "$OUT" "join the $type namespace $inode: permitted"
done
assert_contains "$OUT" "command: /bin/app"
assert_contains "$OUT" "capabilities: cut"
expect_status 127 "$NSPEEK" --dry-run "$TARGET" -- /does/not/exist
assert_contains "$ERR" "there is no /does/not/exist in the container"
expect_status 125 "$NSPEEK" --dry-run --caps=nonsense "$TARGET" -- app exit 3
expect_status 0 "$NSPEEK" --dry-run --except=net "$TARGET" -- app exit 3
assert_lacks "$OUT" "join the net namespace"
target_after "$TARGET"

# Without the power to: each refusal with its reason. A process of an ordinary user, whose namespaces
# root has made: the user may look at them.
make_user
cp "$FIXTURES/container" "$WORK/app" && chmod 755 "$WORK" "$WORK/app" "$NSPEEK"
start_unshare --net --uts --fork -- "${AS_USER[@]}" "$WORK/app" init
OURS=$(stat -Lc %i /proc/self/ns/user)
expect_status 125 "${AS_USER[@]}" "$NSPEEK" --dry-run "$TARGET" -- true
for type in net uts; do
	inode=$(stat -Lc %i "/proc/$TARGET/ns/$type")
	assert_contains "$OUT" "join the $type namespace $inode: denied: CAP_SYS_ADMIN over user namespace $OURS is missing"
done
assert_matches "$ERR" "^nspeek: setns failed on the "
finish "$STARTED"

# The user's own user namespace: what it owns is joined from inside it, and without it not at all.
need_user_namespaces
start rootless "${AS_USER[@]}" unshare --user --map-root-user --net --fork --kill-child "$WORK/app" init
await_line "$WORK/rootless.out" '^READY'
await_child "$STARTED"
TARGET=$CHILD
inode=$(stat -Lc %i "/proc/$TARGET/ns/net")
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --dry-run --net --user "$TARGET" -- "$WORK/app" exit 3
assert_contains "$OUT" "join the net namespace $inode: permitted, from inside its user namespace"
expect_status 125 "${AS_USER[@]}" "$NSPEEK" --dry-run --net "$TARGET" -- "$WORK/app" exit 3
assert_contains "$OUT" "join the net namespace $inode: denied: CAP_SYS_ADMIN in our own user namespace is missing"
assert_matches "$ERR" "^nspeek: setns failed on the net "
passed
