#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A session that is disturbed: signals that follow each other closely, processes of it that others
# stop and continue, output that nobody takes, and output of others that does not end.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox script strace dash
start unshare unshare --pid --mount --mount-proc --fork --kill-child busybox sleep 100000
await_child "$STARTED"
TARGET=$CHILD
defer kill -KILL "$TARGET"
await_program "$TARGET" busybox

# A signal that ends follows one that does not: the command gets both, and nothing is left.
for _ in {1..40}; do
	rm -f "$WORK/ready"
	start quick "$NSPEEK" "$TARGET" -- bash -c "trap 'exit 5' TERM; busybox setsid busybox sleep 1101 & : >'$WORK/ready'; while :; do busybox sleep 0.01; done"
	retry 10 test -e "$WORK/ready"
	kill -CONT "$STARTED"
	kill -TERM "$STARTED"
	wait "$STARTED" 2>/dev/null
	assert_eq $? 5 "status after CONT and TERM"
done
# One that comes when the command runs, and nspeek does not know it yet, is the command's too.
rm -f "$WORK/ready"
start early env ASAN_OPTIONS=detect_leaks=0 strace -f -o "$WORK/trace" -e inject=sendto:delay_enter=50000 "$NSPEEK" "$TARGET" -- bash -c "trap 'exit 5' TERM; : >'$WORK/ready'; while :; do busybox sleep 0.01; done"
retry 10 test -e "$WORK/ready"
kill -TERM "$(pgrep -o -P "$STARTED")"
wait "$STARTED" 2>/dev/null
assert_eq $? 5 "status after TERM at the start"
[ -z "$(pgrep -f 'busybox sleep 1101')" ] || fail "a child of the command is left"

# The stub is stopped from inside: it does not stay so.
start stopped "$NSPEEK" --timeout 1 --kill-after 0.2 "$TARGET" -- busybox sleep 1102
retry 10 pgrep -f '^busybox sleep 1102'
kill -STOP "$(pgrep -P "$STARTED")"
wait "$STARTED" 2>/dev/null
assert_eq $? 143 "status when the stub was stopped"
[ -z "$(pgrep -f 'busybox sleep 1102')" ] || fail "the command is left"

# However often others stop the command while we are stopped: we stop once, and learn how it ended.
# shellcheck disable=SC2016
start often setsid "$NSPEEK" "$TARGET" -- bash -c 'echo $$; busybox sleep 4; busybox sleep 1103 & kill -TERM $$'
await_line "$WORK/often.out" '^[0-9]+$'
# shellcheck disable=SC2016
nsenter -t "$TARGET" -p -m bash -c 'for ((i = 0; i < 600; i++)); do kill -STOP "$1"
	for ((j = 0; j < 20; j++)); do kill -0 "$1"; done; kill -CONT "$1"; done' _ "$(cat "$WORK/often.out")"
await_state "$STARTED" T
sleep 4.5
kill -CONT "$STARTED"
retry 3 test ! -e "/proc/$STARTED/ns/pid" || fail "stopped more than once"
wait "$STARTED" 2>/dev/null
assert_eq $? 143 "status of a command that was stopped often"

# The joiner is late to say who the stub is: the PID file has the command's all the same.
# (The leak checker of a sanitized build cannot work under strace.)
export ASAN_OPTIONS=detect_leaks=0
expect_status 0 strace -qq -f -o "$WORK/trace" -e trace=clone -e inject=clone:delay_exit=200000 \
	"$NSPEEK" --pid-file "$WORK/pid" "$TARGET" -- busybox true
(($(cat "$WORK/pid") > 1)) || fail "the PID file names process $(cat "$WORK/pid")"
mkfifo "$WORK/fifo"
RUN_SECONDS=10 expect_status 0 "$NSPEEK" --pid-file "$WORK/fifo" "$TARGET" -- busybox true
assert_contains "$ERR" "warning: open failed on $WORK/fifo"

# The time counts from the start, whatever holds us.
RUN_SECONDS=20 run strace -qq -f -o "$WORK/trace" -e trace=setns -e inject=setns:delay_enter=3s \
	"$NSPEEK" --timeout 0.5 "$TARGET" -- busybox true
assert_eq "$STATUS" 143 "status when the time is up before the command is there"
assert_contains "$ERR" "the time is up, after 0.5 s"

# Output that nobody takes: the new terminal hangs up.
RUN_SECONDS=10 run bash -c '"$@" >/dev/full' _ "$NSPEEK" -t always "$TARGET" -- busybox yes
assert_ne "$STATUS" 124 "status with output to a full device"
RUN_SECONDS=10 run bash -c '"$@" | :' _ "$NSPEEK" -t always "$TARGET" -- busybox sh -c 'busybox sleep 0.5; exec busybox yes'
assert_ne "$STATUS" 124 "status with output that nobody reads"

# What is written to /dev/tty by a command that has closed its standard fds comes through.
timeout -k 2 20 script -qefc "'$NSPEEK' $TARGET -- bash -c 'exec </dev/null >/dev/null 2>&1; sleep 0.5; echo la\"\"te >/dev/tty'" "$WORK/terminal" >/dev/null 2>&1
assert_contains "$(tail -n +2 "$WORK/terminal")" late

# Another process of the container writes to the command's stderr, a pipe of ours, for ever.
timeout -k 2 20 script -qefc "'$NSPEEK' $TARGET -- bash -c 'echo \$\$ >$WORK/writes; sleep 1.5' </dev/null >/dev/null" /dev/null >/dev/null 2>&1 &
session=$!
retry 10 test -s "$WORK/writes"
start writer nsenter -t "$TARGET" -p -m busybox sh -c "exec busybox yes >/proc/$(cat "$WORK/writes")/fd/2"
wait "$session"
assert_eq $? 0 "status of a session into whose output others write"

# Stopped by what nobody can see, SIGSTOP, and continued in the foreground: our terminal is raw again;
# and its modes are afterwards what they were last, not what they were at first.
# shellcheck disable=SC2317
has_mode() {
	stty -a -F "$TERMINAL" 2>/dev/null | grep -q -- "[ -]$1[ ;]" && ! stty -a -F "$TERMINAL" 2>/dev/null | grep -q -- "[ -]-$1[ ;]"
}
# shellcheck disable=SC2317
lacks_mode() {
	stty -a -F "$TERMINAL" 2>/dev/null | grep -q -- "-$1\>"
}
# shellcheck disable=SC2317
our_nspeek() {
	SUPERVISOR=$(nspeek_processes | head -n 1)
	SUPERVISOR=${SUPERVISOR#/proc/}
	SUPERVISOR=${SUPERVISOR%/exe}
	[ -n "$SUPERVISOR" ] && pgrep -P "$SUPERVISOR" -x nspeek >/dev/null
}
: >"$WORK/modes"
{
	echo "'$NSPEEK' $TARGET -- busybox sleep 1000"
	retry 10 our_nspeek
	TERMINAL=$(readlink "/proc/$SUPERVISOR/fd/0")
	retry 5 lacks_mode icanon && echo raw >>"$WORK/modes"
	kill -STOP "$SUPERVISOR"
	await_state "$SUPERVISOR" T
	sleep 0.3
	echo "stty sane -ixon; fg"
	await_state "$SUPERVISOR" S
	retry 5 lacks_mode icanon && echo raw >>"$WORK/modes"
	kill -TERM "$SUPERVISOR"
	retry 5 has_mode icanon && lacks_mode ixon && echo kept >>"$WORK/modes"
	echo "exit"
} | timeout -k 2 40 script -qefc "dash -i" /dev/null >/dev/null 2>&1
assert_eq "$(tr '\n' ' ' <"$WORK/modes")" "raw raw kept " "the modes of our terminal"
passed
