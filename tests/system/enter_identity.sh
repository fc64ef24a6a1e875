#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who the command is: root of the target's user namespace with no more capabilities than the target
# can have, our groups dropped, its no_new_privs taken over.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool setpriv
APP=$FIXTURES/container
OURS=$(awk '/^CapEff/ { print $2 }' /proc/self/status)

# caps_are SET VALUE...: of the last run of the verb `caps`.
caps_are() {
	while [ $# -gt 0 ]; do
		assert_contains "$OUT"$'\n' "$1 $2"$'\n'
		shift 2
	done
}

# A bounding set without some, and no_new_privs; the target itself runs as nobody.
start_unshare --pid --mount-proc --uts --fork -- setpriv --bounding-set=-net_raw,-sys_admin,-mknod \
	--inh-caps=-all --reuid=65534 --regid=65534 --groups=7,8 --no-new-privs "$APP" init
BOUND=$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")
assert_ne "$BOUND" "$OURS" "the target's bounding set"
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" caps
caps_are effective "$BOUND" permitted "$BOUND" bounding "$BOUND" ambient 0000000000000000 \
	inheritable 0000000000000000 no_new_privs 1
expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" id
assert_eq "$OUT" "uid=0,0,0 gid=0,0,0 groups="
expect_status 0 setpriv --groups=4,5,6 "$NSPEEK" "$TARGET" -- "$APP" id
assert_eq "$OUT" "uid=0,0,0 gid=0,0,0 groups="

# --privileged keeps what we have.
expect_status 0 "$NSPEEK" --privileged "$TARGET" -- "$APP" caps
caps_are effective "$OURS" bounding "$OURS" no_new_privs 0
target_after "$TARGET"

# Ambient and inheritable capabilities of ours do not pass.
expect_status 0 setpriv --inh-caps=+net_admin --ambient-caps=+net_admin \
	"$NSPEEK" "$TARGET" -- "$APP" caps
caps_are ambient 0000000000000000 inheritable 0000000000000000

# A container with a user namespace: all capabilities there, bounded by the target's.
finish "$STARTED"
start_demo
target_before "$TARGET"
BOUND=$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")
expect_status 0 "$NSPEEK" "$TARGET" -- app caps
caps_are effective "$BOUND" bounding "$BOUND"
expect_status 0 setpriv --groups=4,5,6 "$NSPEEK" "$TARGET" -- app id
assert_eq "$OUT" "uid=0,0,0 gid=0,0,0 groups="
target_after "$TARGET"

# While the command runs, nothing in the container's PID namespace is there but it and the stub.
before=$(processes_beside "$TARGET" | wc -l)
start command "$NSPEEK" "$TARGET" -- app sleep
await_command "$STARTED"
assert_eq "$(processes_beside "$TARGET" | wc -l)" $((before + 2)) "processes beside"
kill -TERM "$STARTED"
wait "$STARTED" 2>/dev/null
target_after "$TARGET"
passed
