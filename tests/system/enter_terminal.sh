#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# On a terminal: the command has it, Ctrl-C and Ctrl-Z reach it once, and the caller's shell gets it
# back.
. "$(dirname "$0")/../support/lib.sh"

start_demo
need_tool script
target_before "$TARGET"

# on_terminal KEYS COMMAND...: COMMAND on a terminal of its own, on which KEYS (words) are typed one
# after the other once it says READY. OUT is what the terminal showed.
on_terminal() {
	local keys=$1 key line
	shift
	line=$(printf '%q ' "$@")
	: >"$WORK/terminal"
	{
		retry 10 grep -q READY "$WORK/terminal"
		for key in $keys; do
			printf '%b' "$key"
			sleep 0.3
		done
		sleep 0.5
	} | timeout -k 2 30 script -qefc "$line" "$WORK/terminal" >/dev/null 2>&1
	STATUS=${PIPESTATUS[1]}
	OUT=$(tr -d '\r' <"$WORK/terminal")
}

on_terminal "" "$NSPEEK" "$TARGET" -- app tty
assert_contains "$OUT" "0 tty"
assert_contains "$OUT" "1 tty"

# A command that is in the foreground can read; one of another group would be stopped.
# (The end is typed when the terminal is raw: one that is typed before is lost with the change.)
on_terminal 'typed\n a b c d e \n\004' bash -c "echo READY; '$NSPEEK' $TARGET -- app copy"
assert_contains "$OUT" typed
assert_eq "$STATUS" 0 "status of a command that reads"

on_terminal '\003' "$NSPEEK" "$TARGET" -- app spin
assert_eq "$STATUS" 130 "status after Ctrl-C"

# Ctrl-C comes once, from the terminal: nspeek does not send it again.
on_terminal '\003 \003 \003' bash -c "'$NSPEEK' $TARGET -- app signals"
assert_contains "$OUT" "INT 3 "
assert_lacks "$OUT" "INT 4 "

# Afterwards the terminal is the caller's again: it can read.
on_terminal 'word\n' bash -c "'$NSPEEK' $TARGET -- app echo; echo READY; read -r x; echo \"got \$x\""
assert_contains "$OUT" "got word"

# A script that goes on after each command ends by Ctrl-C too, and is stopped by Ctrl-Z as a whole.
loop="for i in 1 2 3; do '$NSPEEK' $TARGET -- app spin; echo \"after \$i\"; done"
on_terminal '\003' bash -c "echo READY; $loop"
assert_lacks "$OUT" "after 1"
assert_eq "$STATUS" 130 "status of a script after Ctrl-C"
# Also while there is no command yet.
need_tool strace
slow="env ASAN_OPTIONS=detect_leaks=0 strace -f -o '$WORK/trace' -e inject=setns:delay_enter=1000000 '$NSPEEK' $TARGET -- app spin"
on_terminal '\003' bash -c "for i in 1 2 3; do echo READY; $slow; echo \"after \$i\"; done"
assert_lacks "$OUT" "after 1"
assert_eq "$STATUS" 130 "status of a script after Ctrl-C, before the command"
on_terminal '\034' bash -c "cd '$WORK' && ulimit -c unlimited && '$NSPEEK' $TARGET -- app spin"
assert_eq "$STATUS" 131 "status after Ctrl-\\"
[ -z "$(find "$WORK" -name 'core*')" ] || fail "nspeek left a core file"
# shellcheck disable=SC2317
a_line_is() {
	grep -q -- "$1" <(tr -d '\r' <"$WORK/terminal")
}

# our_nspeek: the supervisor that runs on the terminal, into SUPERVISOR.
our_nspeek() {
	SUPERVISOR=$(nspeek_processes | head -n 1)
	SUPERVISOR=${SUPERVISOR#/proc/}
	SUPERVISOR=${SUPERVISOR%/exe}
	[ -n "$SUPERVISOR" ] && pgrep -P "$SUPERVISOR" >/dev/null
}

# type_at REGEX TEXT: TEXT is typed once the terminal shows a line with REGEX.
type_at() {
	retry 10 a_line_is "$1"
	printf '%b' "$2"
}

: >"$WORK/terminal"
{
	type_at '' "PS1=; echo one\"\"READY\n"
	type_at '^oneREADY' "bash -c '$NSPEEK $TARGET -- app spin; echo \"script \$?\"'; echo two\"\"READY\n"
	retry 10 our_nspeek
	sleep 0.3
	printf '\032'
	# The script has stopped with its command, so the shell has the terminal.
	type_at '^twoREADY' "echo three\"\"READY; fg\n"
	type_at '^threeREADY' ''
	await_state "$SUPERVISOR" S
	sleep 0.3
	printf '\003'
	sleep 0.3
	printf 'echo four""READY\n'
	# Stopped by others, sent to the background: the terminal is the shell's, and stays its own when
	# the command ends.
	type_at '^fourREADY' "$NSPEEK $TARGET -- app sleep 2; echo five\"\"READY\n"
	retry 10 our_nspeek
	kill -STOP "$SUPERVISOR"
	type_at '^fiveREADY' "bg; echo six\"\"READY; wait; echo seven\"\"READY\n"
	type_at '^sevenREADY' 'read -r word; echo "got $word"\nword\n'
	type_at '^got word' 'exit 9\n'
	sleep 0.3
} | timeout -k 2 60 script -qefc "bash --norc --noprofile --noediting -i" "$WORK/terminal" >/dev/null 2>&1
STATUS=${PIPESTATUS[1]}
OUT=$(tr -d '\r' <"$WORK/terminal")
assert_contains "$OUT" threeREADY
assert_lacks "$OUT" "script 1"
assert_contains "$OUT" "got word"
assert_eq "$STATUS" 9 "status of an interactive shell: $OUT"

# A terminal that is no standard fd is out of reach by /dev/tty too.
on_terminal '' bash -c "exec </dev/null >'$WORK/tty.out' 2>&1; '$NSPEEK' -u $TARGET -- '$FIXTURES/container' cat /dev/tty; echo \"status \$?\""
assert_contains "$(cat "$WORK/tty.out")" "No such device or address"
target_after "$TARGET"
passed
