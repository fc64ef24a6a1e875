#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of the host in an ordinary user's own containers: by that user, who has no privilege
# outside, and by root.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool gdb ps
make_user
need_user_namespaces
APP=$WORK/app
cp "$FIXTURES/container" "$APP"
cp "$FIXTURES/deny" "$WORK/deny"

# check_tools [WORDS...]: as who the words make nspeek run.
check_tools() {
	expect_status 0 "$@" "$NSPEEK" --tools=host "$TARGET" -- ps -eo comm=
	assert_eq "$(printf '%s\n' "$OUT" | head -n 1)" app "the first process"
	assert_eq "$(printf '%s\n' "$OUT" | wc -l)" 3 "the number of processes"
	expect_status 0 "$@" "$NSPEEK" --tools=host "$TARGET" -- gdb -nx -batch -p 1 -ex bt
	assert_contains "$OUT" verb_init
	expect_status 0 "$@" "$NSPEEK" --tools=host "$TARGET" -- sh -c \
		'ls -d /run/target/. /usr/bin/env; [ ! -e /etc/shadow ]; touch /tmp/x; ! touch /usr/x /x /etc/x 2>/dev/null'
	expect_status 127 "$@" "$NSPEEK" --tools=host "$TARGET" -- no-such-tool
	# Where procfs has no option for the PID namespace.
	expect_status 0 "$@" "$WORK/deny" fsconfig-fd=EINVAL -- "$NSPEEK" --tools=host "$TARGET" -- ps -eo comm=
	assert_eq "$(printf '%s\n' "$OUT" | head -n 1)" app "the first process"
	assert_eq "$(printf '%s\n' "$OUT" | wc -l)" 3 "the number of processes"
}

# What the user is inside can be taken over by the container, which is the user's own.
user_is_warned() {
	expect_status 0 "${AS_USER[@]}" "$NSPEEK" --tools=host "$TARGET" -- true
	assert_contains "$ERR" "warning: processes of the container can trace the command"
}

start unshare "${AS_USER[@]}" unshare -Ur --pid --mount-proc --net --uts --ipc --fork --kill-child "$APP" init
await_child "$STARTED"
TARGET=$CHILD
await_program "$TARGET" app
target_before "$TARGET"
check_tools "${AS_USER[@]}"
user_is_warned
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --tools=host "$TARGET" -- sh -c 'id -u; grep CapEff /proc/self/status'
assert_contains "$OUT" "0"$'\n'"CapEff"
check_tools
expect_status 0 "$NSPEEK" --tools=host "$TARGET" -- readlink /proc/self/ns/user
assert_eq "$OUT" "$(readlink /proc/self/ns/user)" "root's user namespace"
target_after "$TARGET"
finish "$TARGET"

# Where 0 is not mapped.
start unshare "${AS_USER[@]}" unshare -Uc --pid --mount-proc --fork --kill-child "$APP" init
await_child "$STARTED"
TARGET=$CHILD
await_program "$TARGET" app
target_before "$TARGET"
check_tools "${AS_USER[@]}"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --tools=host "$TARGET" -- id -u
assert_eq "$OUT" "$TEST_UID" "the uid"
target_after "$TARGET"
finish "$TARGET"

# In our own PID namespace.
start unshare "${AS_USER[@]}" unshare -Urm "$APP" init
TARGET=$STARTED
await_program "$TARGET" app
target_before "$TARGET"
for as in user root; do
	runner=()
	[ "$as" = root ] || runner=("${AS_USER[@]}")
	expect_status 0 "${runner[@]}" "$NSPEEK" --tools=host "$TARGET" -- cat "/proc/$TARGET/comm"
	assert_eq "$OUT" app "the target's name in /proc"
	expect_status 0 "${runner[@]}" "$NSPEEK" --tools=host "$TARGET" -- gdb -nx -batch -p "$TARGET" -ex bt
	assert_contains "$OUT" verb_init
done
target_after "$TARGET"
finish "$TARGET"

# Nested user namespaces.
if command -v bwrap >/dev/null; then
	start_bwrap as "$TEST_USER" /bin/app init
	target_before "$TARGET"
	check_tools "${AS_USER[@]}"
	user_is_warned
	expect_status 0 "${AS_USER[@]}" "$NSPEEK" -a -U "$TARGET" -- readlink /proc/self/ns/user
	assert_eq "$OUT" "$(readlink "/proc/$TARGET/ns/user")" "the user namespace with -U"
	expect_status 0 "${AS_USER[@]}" "$NSPEEK" "$TARGET" -- hostname
	assert_eq "$OUT" wrapped
	assert_contains "$ERR" "hostname is not in the container: the host's is used"
	expect_status 0 "${AS_USER[@]}" "$NSPEEK" --tools=inject "$TARGET" -- sh -c 'app hostname; ls /'
	assert_contains "$OUT" wrapped
	check_tools
	target_after "$TARGET"
	finish "$TARGET"
fi

# Nobody's power to make mounts: what the container lacks is not found, and why is said.
start_unshare --uts --pid --fork --mount-proc -- "$APP" init
target_before "$TARGET"
expect_status 125 "${AS_USER[@]}" "$NSPEEK" --tools=host "$TARGET" -- true
assert_one_error
target_after "$TARGET"
passed
