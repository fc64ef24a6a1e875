#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Signals to nspeek: each reaches the command exactly once; stopping and continuing is mirrored.
. "$(dirname "$0")/../support/lib.sh"

start_demo
target_before "$TARGET"

# A command that says what it gets, until its stdin is closed.
mkfifo "$WORK/stdin"
"$NSPEEK" "$TARGET" -- app signals <"$WORK/stdin" >"$WORK/signals.out" 2>"$WORK/signals.err" &
SUPERVISOR=$!
defer kill -KILL "$SUPERVISOR"
exec 9>"$WORK/stdin"
await_line "$WORK/signals.out" '^READY'

SIGNALS=(HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM STKFLT URG XCPU XFSZ
	VTALRM PROF WINCH POLL PWR SYS TSTP TTIN TTOU 34 35 50 63 64)
for name in "${SIGNALS[@]}"; do
	case $name in
	POLL) kill -IO "$SUPERVISOR" ;;
	*) kill -"$name" "$SUPERVISOR" ;;
	esac || fail "nspeek ended before signal $name: $(cat "$WORK/signals.err")"
	await_line "$WORK/signals.out" "^$name [0-9]+ "
done
# Once more, to see that one that was sent twice is passed on twice.
kill -USR1 "$SUPERVISOR"
await_line "$WORK/signals.out" '^USR1 2 '
sleep 0.1
for name in "${SIGNALS[@]}"; do
	wanted=1
	[ "$name" != USR1 ] || wanted=2
	assert_eq "$(grep -c "^$name " "$WORK/signals.out")" "$wanted" "how often $name came"
done
exec 9>&-
wait "$SUPERVISOR"
assert_eq $? 0 "status after the signals"
assert_eq "$(wc -l <"$WORK/signals.out")" $((${#SIGNALS[@]} + 2)) "lines of the command"

# start_command: a command that only sleeps; COMMAND is its PID outside. What bash starts in the
# background ignores INT and QUIT, and so would the command.
start_command() {
	start command env --default-signal=INT,QUIT "$NSPEEK" "$TARGET" -- app sleep
	SUPERVISOR=$STARTED
	await_command "$SUPERVISOR"
	COMMAND=$CHILD
}

# One that ends the command by default ends nspeek with 128+N.
for number in 1 2 15 10 32 33 34; do
	start_command
	kill -"$number" "$SUPERVISOR"
	wait "$SUPERVISOR" 2>/dev/null
	assert_eq $? $((128 + number)) "status after signal $number"
done

# What the caller has blocked is blocked in the command, a signal that a C library keeps for itself
# too, and nothing else.
need_tool python3
start command python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [10, 34, 64])
os.execvp(sys.argv[1], sys.argv[1:])' "$NSPEEK" "$TARGET" -- app sleep
await_command "$STARTED"
assert_eq "$(awk '$1 == "SigBlk:" { print $2 }' "/proc/$CHILD/status")" 8000000200000200 "the command's blocked signals"
kill -KILL "$CHILD"
wait "$STARTED" 2>/dev/null

# The command stops: so does nspeek, for its caller's job control; and they continue together.
start_command
kill -STOP "$COMMAND"
await_state "$COMMAND" T
await_state "$SUPERVISOR" T
kill -CONT "$SUPERVISOR"
await_state "$SUPERVISOR" S
await_state "$COMMAND" S
# A stop that is asked of nspeek is one of the command.
kill -TSTP "$SUPERVISOR"
await_state "$COMMAND" T
await_state "$SUPERVISOR" T
kill -CONT "$SUPERVISOR"
await_state "$COMMAND" S
await_state "$SUPERVISOR" S
kill -TERM "$SUPERVISOR"
wait "$SUPERVISOR" 2>/dev/null
assert_eq $? 143 "status in the end"

# Signals that our caller ignores or blocks do not change that.
(
	trap '' TERM INT HUP PIPE CHLD
	exec "$NSPEEK" "$TARGET" -- app exit 6
)
assert_eq $? 6 "status when the caller ignores signals"
target_after "$TARGET"
passed
