#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A container that wants more: more capabilities than its own, our environment, our keys, our files,
# a terminal that is not its own.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool setpriv
need_tool strace
APP=$FIXTURES/container

# Its process has made a user namespace, and so has a full bounding set there. Without joining that,
# the set says nothing about what a program may do here.
start_unshare --pid --mount-proc --user --map-root-user --fork -- "$APP" init
target_before "$TARGET"
for without in "-m" "-m -p" "--except=user"; do
	# shellcheck disable=SC2086
	expect_status 125 "$NSPEEK" $without "$TARGET" -- "$APP" caps
	assert_contains "$ERR" "user namespace that is not joined"
	assert_contains "$ERR" "hint: "
done
expect_status 0 "$NSPEEK" -m -U "$TARGET" -- "$APP" caps
expect_status 0 "$NSPEEK" -m --privileged "$TARGET" -- "$APP" caps
# Of a mount namespace from a file nobody knows who lives there.
expect_status 125 "$NSPEEK" "--mount=/proc/$TARGET/ns/mnt" -- "$APP" caps
assert_contains "$ERR" "how far a program"
# A program of ours that can be seen and looked into from inside.
expect_status 0 "$NSPEEK" -U -p "$TARGET" -- true
assert_contains "$ERR" "warning: processes of the container can reach our files"
expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" exit 0
assert_lacks "$ERR" "warning: "
target_after "$TARGET"

# Before execve the command's process shows nothing of our environment.
start_unshare --pid --mount-proc --uts --fork -- "$APP" init
target_before "$TARGET"
# (The leak checker of a sanitized build cannot work under strace.)
ASAN_OPTIONS=detect_leaks=0 NSPEEK_SECRET=hidden strace -f -qq -o /dev/null -e trace=execve -e inject=execve:delay_enter=1000000 \
	"$NSPEEK" "$TARGET" -- "$APP" exit 0 >"$WORK/strace.out" 2>&1 &
STRACE=$!
has_waiting_command() {
	local stub
	# The stub is a child of nspeek, and the command's process one of the stub.
	for stub in $(nspeek_processes | tr -dc '0-9\n' | while read -r pid; do pgrep -P "$pid"; done); do
		COMMAND=$(pgrep -P "$stub" -x nspeek) && SUPERVISOR=$(ps -o ppid= -p "$stub") && return
	done
	return 1
}
retry 10 has_waiting_command
assert_lacks "$(tr '\0' '\n' <"/proc/$COMMAND/environ")" hidden
assert_lacks "$(tr '\0' '\n' <"/proc/$COMMAND/cmdline")" "$WORK/nspeek"
assert_contains "$(tr '\0' '\n' <"/proc/$COMMAND/cmdline")" "$APP"
wait "$STRACE"
assert_eq $? 0 "status of a command that was executed late"

# A command that cannot be executed, and holds its process: the second request to end is the last.
strace -f -qq -o /dev/null -e trace=execve -e inject=execve:delay_enter=20000000 \
	"$NSPEEK" "$TARGET" -- "$APP" exit 0 >"$WORK/strace.out" 2>&1 &
STRACE=$!
retry 10 has_waiting_command
SUPERVISOR=${SUPERVISOR// /}
sleep 0.2
kill -TERM "$SUPERVISOR"
sleep 0.4
kill -0 "$SUPERVISOR" || fail "the first signal ended nspeek already"
kill -TERM "$SUPERVISOR"
is_gone() {
	! kill -0 "$SUPERVISOR" 2>/dev/null || [ "$(state_of "$SUPERVISOR")" = Z ]
}
retry 3 is_gone || fail "nspeek waits for a command that is never executed"
kill -KILL "$STRACE" 2>/dev/null
wait "$STRACE" 2>/dev/null

# A /proc that is none, with files that would swallow what is written to a process's own: nothing of
# it is written or believed.
mkdir -p "$WORK/fake"
make_root "$WORK/fake"
mkdir -p "$WORK/fake/proc/self/attr/apparmor" "$WORK/fake/proc/self/fd"
for name in attr/current attr/exec attr/apparmor/exec uid_map gid_map setgroups status; do
	printf 'fake\n' >"$WORK/fake/proc/self/$name"
done
find "$WORK/fake/proc" -type f -exec md5sum {} + >"$WORK/fake.before"
start_unshare --mount --uts --root="$WORK/fake" --fork -- /bin/app init
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- app id
assert_contains "$OUT" "uid=0,0,0"
expect_status 0 "$NSPEEK" -S 5 "$TARGET" -- app id
assert_contains "$OUT" "uid=5,5,5"
find "$WORK/fake/proc" -type f -exec md5sum {} + | cmp - "$WORK/fake.before" || fail "a fake /proc was written to"
target_after "$TARGET"
start_unshare --pid --mount-proc --uts --fork -- "$APP" init
target_before "$TARGET"

# The session's keys stay outside; a program of ours keeps them.
OURS=$("$APP" keyring)
expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" keyring
assert_ne "$OUT" "$OURS" "the session keyring inside"
expect_status 0 "$NSPEEK" -u "$TARGET" -- "$APP" keyring
assert_eq "$OUT" "$OURS" "the session keyring of a program of ours"

# A command that leaves the terminal raw and dies does not leave it so.
script -qec "'$NSPEEK' $TARGET -- sh -c 'stty raw -echo; kill -9 \$\$'; stty -a" "$WORK/modes" >/dev/null </dev/null
assert_contains "$(cat "$WORK/modes")" " icanon"
assert_lacks "$(cat "$WORK/modes")" " -echo "
target_after "$TARGET"

# A target that dies while it is looked at: nothing else is blamed.
for ((i = 0; i < 40; i++)); do
	unshare --mount --uts "$APP" sleep &
	victim=$!
	await_program "$victim" container
	{
		sleep "0.00$((i / 10))$((i % 10))"
		kill -KILL "$victim"
	} &
	run "$NSPEEK" "$victim" -- "$APP" exit 0
	wait "$victim" 2>/dev/null
	[ "$STATUS" = 0 ] || assert_matches "$ERR" "(there is no|is a zombie|has exited)"
	assert_lacks "$ERR" "ptrace access"
	assert_lacks "$ERR" "made none"
done
passed
