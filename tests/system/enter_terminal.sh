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
on_terminal 'typed\n\004' bash -c "echo READY; '$NSPEEK' $TARGET -- app copy"
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
target_after "$TARGET"
passed
