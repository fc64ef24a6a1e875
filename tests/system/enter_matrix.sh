#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `enter_matrix.sh RUNTIME`: a container of that runtime (see support/runtimes.sh), entered in every
# way that there is: the columns. After each, the container and the host are what they were.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/runtimes.sh"

# NAME and, where `nspeek help enter` must match it for the column to be run, a regular expression. A
# column that is not run is named. NSPEEK_COLUMNS names columns that are run in any case.
columns=(
	"plain"
	"tools --tools"
	"inject --tools.*inject"
	"pty --tty"
)

# inside STATUS COMMAND...: in the box, with nothing said about it.
inside() {
	local status=$1
	shift
	expect_status "$status" "$NSPEEK" "$TARGET" -- "$@"
	assert_eq "$ERR" "" "stderr of: $*"
}

# start_time FILE: when the process of that /proc/PID/stat began, which no other process has in common
# with it.
start_time() {
	sed 's/.*) //' "$1" | cut -d ' ' -f 20
}

# A command of the container: it is where PID 1 is, sees what PID 1 sees, and is joined to us by its
# standard fds and its status alone.
column_plain() {
	plain_place
	plain_environment
	local status
	for status in 0 1 2 42 125 126 127 128 130 143 254 255; do
		inside "$status" app exit "$status"
	done
	expect_status 143 "$NSPEEK" "$TARGET" -- app kill-self 15
	head -c 1048576 /dev/urandom >"$WORK/random"
	# shellcheck disable=SC2002
	cat "$WORK/random" | "$NSPEEK" "$TARGET" -- app copy | cat >"$WORK/copied" || fail "copying"
	cmp "$WORK/random" "$WORK/copied" || fail "the bytes through two pipes differ"
}

plain_place() {
	local types="cgroup ipc mnt net pid time user uts" type wanted=""
	for type in $types; do
		wanted+=$(readlink "/proc/$TARGET/ns/$type")$'\n'
	done
	# shellcheck disable=SC2016,SC2086
	inside 0 sh -c 'for type; do readlink "/proc/self/ns/$type"; done' sh $types
	assert_eq "$OUT"$'\n' "$wanted" "the namespaces"
	inside 0 cat /proc/1/stat
	assert_eq "$(start_time "$WORK/run.out")" "$(start_time "/proc/$TARGET/stat")" \
		"when PID 1 began"
	inside 0 app ps
	assert_eq "$(wc -l <"$WORK/run.out")" $(($(processes_beside "$TARGET" | wc -l) + 2)) \
		"the number of processes inside"
	inside 0 stat -c %d:%i /
	assert_eq "$OUT" "$(stat -Lc %d:%i "/proc/$TARGET/root")" "device and inode of the root"
	inside 0 cat /etc/box
	assert_eq "$OUT" "the root of box"
	inside 0 sh -c 'readlink /proc/1/cwd; readlink /proc/self/cwd'
	assert_eq "$(uniq "$WORK/run.out" | wc -l)" 1 "the number of working directories"
	# From inside: roots of cgroup mounts are shown as the reader's cgroup namespace has them.
	inside 0 cat /proc/1/mountinfo
	wanted=$OUT
	inside 0 cat /proc/self/mountinfo
	assert_eq "$OUT" "$wanted" "the mounts"
	inside 0 hostname
	assert_eq "$OUT" box "the host name"
}

# The target's environment as it is, but for what says who the user is, and the terminal.
plain_environment() {
	local ours="^(HOME|LOGNAME|SHELL|TERM|USER)="
	export NSPEEK_SECRET=ours
	inside 0 app printenv
	grep -Ev "$ours" "$WORK/run.out" | sort >"$WORK/env.inside"
	tr '\0' '\n' <"/proc/$TARGET/environ" | grep -Ev "$ours" | sort >"$WORK/env.target"
	# A target without a PATH: the command gets one.
	grep -q '^PATH=' "$WORK/env.target" || sed -i '/^PATH=/d' "$WORK/env.inside"
	diff "$WORK/env.target" "$WORK/env.inside" || fail "the environment is not the target's"
	grep -qxF "$BOX_ENV" "$WORK/env.inside" || fail "no $BOX_ENV in the environment"
}

# Tools of the host, on the container's PID 1.
column_tools() {
	local word
	need_tool gdb strace
	expect_status 0 "$NSPEEK" --tools=host "$TARGET" -- \
		gdb -nx -batch -p 1 -ex 'thread apply all bt'
	for word in accept_connections verb_threads wait_for_work handle_requests run_worker; do
		assert_contains "$OUT" "$word"
	done
	# It traces until it is told to end.
	run "$NSPEEK" --tools=host "$TARGET" -- timeout --signal=INT 1 strace -f -p 1
	for word in "Process 1 attached with 5 threads" "pause(" "futex("; do
		assert_contains "$ERR" "$word"
	done
	assert_eq "$(grep '^nspeek: ' <<<"$ERR" | grep -v ': warning: ')" "" "nspeek's errors"
}

# Tools of the host in the container's own root.
column_inject() {
	local script
	need_tool strace
	# shellcheck disable=SC2016
	script='echo "$BASH_VERSION"; read -r line </etc/box; echo "$line"; type -p strace; strace -V | head -n 1
		app hostname; exit 7'
	expect_status 7 "$NSPEEK" --tools=inject "$TARGET" -- bash -c "$script"
	assert_eq "$OUT" "$BASH_VERSION
the root of box
/.nspeek/bin/strace
$(strace -V | head -n 1)
box" "what a script of the host's bash saw"
}

# screen_shows REGEX: a line of the terminal.
screen_shows() {
	tr -d '\r' <"$WORK/screen" | grep -qE -- "$1"
}

# type_after REGEX TEXT: types TEXT once the terminal shows a line with REGEX.
type_after() {
	retry 10 screen_shows "$1" || return 1
	printf '%b' "$2"
}

# Beside PID 1, which is one too.
app_runs_inside() {
	[ "$(processes_sharing "$TARGET" pid | grep -c '(app)')" = 2 ]
}

# A shell on a terminal.
column_pty() {
	need_tool script
	: >"$WORK/screen"
	# shellcheck disable=SC2016
	{
		type_after '# ' 'tty; stty size; stat -c owner=%u $(tty); echo "one"READY\n' &&
			type_after oneREADY 'app sleep\n' && retry 10 app_runs_inside &&
			type_after oneREADY '\003' && type_after oneREADY 'echo "two$?"READY\n' &&
			type_after two130READY 'exit 9\n'
		sleep 0.2
	} | timeout -k 2 30 script -qefc "stty rows 33 cols 101; '$NSPEEK' $TARGET" "$WORK/screen" \
		>/dev/null 2>&1
	STATUS=${PIPESTATUS[1]}
	OUT=$(tr -d '\r' <"$WORK/screen")
	assert_eq "$STATUS" 9 "the shell's status, on a terminal that showed: $OUT"
	assert_matches "$OUT" '/dev/pts/[0-9]+'
	assert_contains "$OUT" "33 101"
	assert_contains "$OUT" "owner=0"
	# The command got the Ctrl-C, and the shell did not.
	assert_contains "$OUT" two130READY
	assert_lacks "$OUT" "can't access tty"
}

# column_is_on NAME REGEX
column_is_on() {
	[ -n "$2" ] || return 0
	[[ " ${NSPEEK_COLUMNS:-} " != *" $1 "* ]] || return 0
	"$NSPEEK" help enter | tr '\n' ' ' | grep -qE -- "$2"
}

lab_open
box_root box
start_box "$1" box app /bin/app threads 4
for row in "${columns[@]}"; do
	read -r name switch <<<"$row"
	if ! column_is_on "$name" "$switch"; then
		say "column $name: NOT RUN, since \`nspeek help enter\` does not say $switch"
		continue
	fi
	begin=${EPOCHREALTIME/./}
	box_before "$TARGET"
	"column_$name"
	box_after "$TARGET"
	say "column $name: passed in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
done
stop_box box
passed
