# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Targets that are confined by more than their namespaces, and the comparison with a command that is
# run as they are. Sourced after lib.sh.

# What every --as-target warns of: nobody can know it.
ALWAYS='not copied: (securebits|Landlock)'

# start_silent [WORD...] -- VERB [ARG...]: the container program, in a root of its own, started below
# the commands WORD....
start_silent() {
	local shape=()
	while [ "$1" != -- ]; do
		shape+=("$1")
		shift
	done
	shift
	start unshare env "${shape[@]}" unshare --mount --pid --uts --ipc --net --fork --kill-child \
		"--root=$WORK/root" --mount-proc -- /bin/app "$@"
	await_child "$STARTED"
	TARGET=$CHILD
	defer kill -KILL "$TARGET"
	await_program "$TARGET" app
}

# start_shaped ...: as start_silent, with an init. What it could do itself is in $WORK/target.
start_shaped() {
	start_silent "$@"
	await_line "$WORK/unshare.out" '^READY'
	sed '/^READY/d' "$WORK/unshare.out" >"$WORK/target"
}

# has_seccomp MODE: the target is in it.
has_seccomp() {
	grep -q "^Seccomp:.$1" "/proc/$TARGET/status"
}

# probe_as [WORD...]: the probe under --as-target, by an nspeek below the commands WORD.... WARNED is
# what was warned of.
probe_as() {
	target_before "$TARGET"
	expect_status 0 "$@" "$NSPEEK" --as-target "$TARGET" -- /bin/app probe
	WARNED=$(printf '%s\n' "$ERR" | grep -vE "$ALWAYS")
	printf '%s\n' "$OUT" >"$WORK/command"
	target_after "$TARGET"
}

# same FILTER: target and command are the same in the lines that do not match it.
same() {
	diff <(grep -vE "$1" "$WORK/target") <(grep -vE "$1" "$WORK/command") >"$WORK/diff" ||
		fail "target (<) and command (>) differ:"$'\n'"$(cat "$WORK/diff")"$'\n'"$ERR"
}
