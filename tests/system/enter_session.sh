#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A session leaves nothing: what the command starts ends with the command, with nspeek, or when its
# time is up, and no zombie stays with the container's first process, which here reaps nothing.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox
# shellcheck disable=SC2317
runs_sleepers() {
	[ "$(processes_beside "$TARGET" | wc -l)" -ge "$1" ]
}

# A container whose PID 1 reaps nobody, and has a shell for what follows.
start unshare unshare --pid --mount --mount-proc --fork --kill-child busybox sleep 100000
await_child "$STARTED"
TARGET=$CHILD
defer kill -KILL "$TARGET"
await_program "$TARGET" busybox
target_before "$TARGET"

# Children, grandchildren whose parent is gone, those of a session of their own, those that ignore
# all signals but one: the command has them, then it ends.
many='busybox sleep 1001 &
	(busybox sleep 1002 &)
	busybox setsid busybox sleep 1003 &
	busybox setsid busybox sh -c "trap \"\" TERM HUP INT; busybox sleep 1004 & busybox sleep 1005" &
	for i in 1 2 3 4 5 6 7 8; do (busybox sh -c "busybox sleep 1006 & :" &) ; done;'
expect_status 5 "$NSPEEK" "$TARGET" -- busybox sh -c "$many busybox sleep 0.3; exit 5"
assert_eq "$(processes_beside "$TARGET" | wc -l)" 1 "processes beside the target at once"
target_after "$TARGET"

# nspeek is killed: the stub ends it all.
start killed "$NSPEEK" "$TARGET" -- busybox sh -c "$many busybox sleep 1007"
retry 10 runs_sleepers 12 || fail "the sleepers never ran: $(cat "$WORK/killed.err")"
kill -KILL "$STARTED"
wait "$STARTED" 2>/dev/null
target_after "$TARGET"

# The command's whole time, and a command that ignores the first signal.
SECONDS=0
expect_status 143 "$NSPEEK" --timeout 0.2 "$TARGET" -- busybox sleep 1008
assert_eq "$ERR" "nspeek: warning: the time is up, after 0.2 s" "stderr"
expect_status 137 "$NSPEEK" --timeout 0.2 --kill-after=.3 "$TARGET" -- busybox sh -c 'trap "" TERM; busybox sleep 1009; busybox sleep 1010'
expect_status 0 "$NSPEEK" --timeout 100 "$TARGET" -- busybox true
((SECONDS < 20)) || fail "--timeout took $SECONDS s"
target_after "$TARGET"
for word in "" 0 x 1x -1; do
	expect_status 125 "$NSPEEK" --timeout "$word" "$TARGET" -- busybox true
	assert_one_error "--timeout"
done

# The terminal goes away: so do the command, though it ignores that, and nspeek.
need_tool script
timeout -s KILL 60 script -qefc "'$NSPEEK' --kill-after 0.3 $TARGET -- busybox sh -c 'trap \"\" HUP; busybox sleep 1012; busybox sleep 1013'" "$WORK/terminal" >/dev/null 2>&1 < <(sleep 30) &
SCRIPT=$!
retry 10 runs_sleepers 4
pkill -KILL -P "$SCRIPT"
wait "$SCRIPT" 2>/dev/null
target_after "$TARGET"

# The stub is killed from inside, which nobody can hinder: that is said.
start robbed "$NSPEEK" "$TARGET" -- busybox sleep 1011
retry 10 runs_sleepers 3
STUB=$(pgrep -P "$STARTED")
kill -KILL "$STUB"
wait "$STARTED" 2>/dev/null
assert_eq $? 137 "status when the stub is killed"
assert_contains "$(cat "$WORK/robbed.err")" "was killed from inside"
# A child of the killed stub is a zombie of the container's PID 1, as any that is killed there.
kill -KILL "$TARGET"

start_demo
target_before "$TARGET"
# The command's PID, for others.
start listed "$NSPEEK" --pid-file "$WORK/pid" "$TARGET" -- app sleep
await_command "$STARTED"
retry 10 test -s "$WORK/pid"
assert_eq "$(cat "$WORK/pid")" "$CHILD" "the PID file"
kill -TERM "$STARTED"
wait "$STARTED" 2>/dev/null
expect_status 0 "$NSPEEK" --pid-file "$WORK/no/such/dir" "$TARGET" -- app exit 0
assert_contains "$ERR" "warning: open failed on $WORK/no/such/dir"

# Chosen fds, and no others.
echo preserved >"$WORK/file"
run bash -c 'exec 3<"$0/file" 4<"$0/file" 5<"$0/file" && "$@"' "$WORK" "$NSPEEK" --preserve-fds 2 "$TARGET" -- app fds
assert_eq "$(printf '%s\n' "$OUT" | awk '{ print $1 }' | tr '\n' ' ')" "0 1 2 3 4 " "the command's fds"
run bash -c 'exec 3<"$0/file" && "$@"' "$WORK" "$NSPEEK" --preserve-fds 2 "$TARGET" -- app fds
assert_one_error "fd 4 is not open"
assert_eq "$STATUS" 125 "status"
expect_status 125 "$NSPEEK" --preserve-fds x "$TARGET" -- app fds
assert_one_error "--preserve-fds"

# No process is made: nspeek itself becomes the command, in all but the PID namespace.
expect_status 4 "$NSPEEK" --no-fork "$TARGET" -- app exit 4
start becomes "$NSPEEK" -F "$TARGET" -- app sleep
await_program "$STARTED" app
assert_eq "$(readlink "/proc/$STARTED/ns/mnt")" "$(readlink "/proc/$TARGET/ns/mnt")" "mount namespace"
assert_eq "$(pgrep -P "$STARTED")" "" "children"
kill -TERM "$STARTED"
wait "$STARTED"
assert_eq $? 143 "status"
# (The leak checker of a sanitized build cannot work in a process that has gone inside itself.)
ASAN_OPTIONS=detect_leaks=0 expect_status 127 "$NSPEEK" -F "$TARGET" -- /does/not/exist
expect_status 125 "$NSPEEK" -F --timeout 3 "$TARGET" -- app exit 0
assert_one_error "--no-fork"
target_after "$TARGET"
passed
