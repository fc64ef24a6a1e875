# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What every system test begins with: `. "$(dirname "$0")/../support/lib.sh"`. Gives a scratch
# directory, a copy of nspeek (the shipped file works when it is copied alone, so the tests use it
# so), assertions, and the proof that nothing is left behind. Environment, set by ctest:
#  NSPEEK_BIN       the built nspeek
#  NSPEEK_FIXTURES  the directory of built fixtures
#  NSPEEK_BPF       ON: it was built with the task iterator
#  NSPEEK_CI        1: a test that cannot run here fails
set -u -o pipefail
export LC_ALL=C
exec </dev/null

SUPPORT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TREE=$(cd "$SUPPORT/../.." && pwd)
NSPEEK_BIN=${NSPEEK_BIN:-$TREE/build/src/nspeek}
FIXTURES=${NSPEEK_FIXTURES:-$TREE/build/tests/fixtures}
TEST_NAME=$(basename "$0" .sh)
deferred=()

say() {
	printf '%s\n' "$*"
}

fail() {
	printf 'FAILED: %s\n' "$*"
	local i
	for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
		printf '  at %s:%s (%s)\n' "${BASH_SOURCE[i]##*/}" "${BASH_LINENO[i - 1]}" "${FUNCNAME[i]}"
	done
	exit 1
}

# skip REASON: the test cannot run here for want of REASON.
skip() {
	if [ "${NSPEEK_CI:-0}" = 1 ]; then
		fail "cannot run here, and a skip is a failure under NSPEEK_CI=1: $*"
	fi
	say "SKIPPED: $*"
	exit 77
}

# defer COMMAND...: to be run when the test ends, the last first.
defer() {
	deferred+=("$(printf '%q ' "$@")")
}

on_exit() {
	local status=$? i
	trap - EXIT
	for ((i = ${#deferred[@]} - 1; i >= 0; i--)); do
		eval "${deferred[i]}" >/dev/null 2>&1
	done
	exit "$status"
}

need_tool() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "the program $tool"
	done
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "root"
	local caps
	caps=$(awk '/^CapEff/ { print $2 }' /proc/self/status)
	(((16#$caps >> 21) & 1)) || skip "CAP_SYS_ADMIN (a plain container lacks it)"
	(((16#$caps >> 19) & 1)) || skip "CAP_SYS_PTRACE (a plain container lacks it)"
}

# need_that WHAT COMMAND...: skips, naming WHAT, where COMMAND does not succeed.
need_that() {
	local what=$1
	shift
	"$@" >/dev/null 2>&1 || skip "$what"
}

# retry SECONDS COMMAND...: until it succeeds; fails when the time is over.
retry() {
	local until=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		((SECONDS < until)) || return 1
		sleep 0.02
	done
}

contains_line() {
	grep -q -E -- "$2" "$1" 2>/dev/null
}

# await_line FILE REGEX: until a line of FILE matches.
await_line() {
	retry 10 contains_line "$1" "$2" ||
		fail "no line '$2' in $1: $(head -c 2000 "$1" 2>/dev/null)" \
			"$(head -c 2000 "${1%.out}.err" 2>/dev/null)"
}

# start NAME COMMAND...: in the background, its output in $WORK/NAME.out and .err; killed at the end.
# STARTED is its PID.
start() {
	local name=$1
	shift
	: >"$WORK/$name.out"
	"$@" </dev/null >"$WORK/$name.out" 2>"$WORK/$name.err" &
	STARTED=$!
	defer kill -KILL "$STARTED"
}

# finish PID: ends a process that was started.
finish() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

# run COMMAND...: OUT, ERR and STATUS are what it printed and how it ended. Bounded in time; 124 is
# the status of one that took longer.
run() {
	timeout --foreground -k 2 "${RUN_SECONDS:-60}" "$@" >"$WORK/run.out" 2>"$WORK/run.err"
	STATUS=$?
	OUT=$(tr -d '\0' <"$WORK/run.out")
	ERR=$(tr -d '\0' <"$WORK/run.err")
}

# expect_status N COMMAND...: runs it, and its exit status is N.
expect_status() {
	local wanted=$1
	shift
	run "$@"
	[ "$STATUS" = "$wanted" ] ||
		fail "status $STATUS, not $wanted, of: ${*//$WORK\//}"$'\n'"stdout: $OUT"$'\n'"stderr: $ERR"
}

assert_eq() {
	[ "$1" = "$2" ] || fail "${3:-a value} is '$1', not '$2'"
}

assert_ne() {
	[ "$1" != "$2" ] || fail "${3:-a value} is '$1'"
}

assert_contains() {
	[[ $1 == *"$2"* ]] || fail "'$2' is not in: $1"
}

assert_lacks() {
	[[ $1 != *"$2"* ]] || fail "'$2' is in: $1"
}

assert_matches() {
	[[ $1 =~ $2 ]] || fail "'$2' does not match: $1"
}

# assert_one_error LINE-PART...: the last run printed nothing on stdout, and on stderr one line
# "nspeek: ..." that contains each part, followed at most by one hint. What is said before it of files
# of containers that run beside this test does not count.
assert_one_error() {
	local said lines first rest part
	said=$(printf '%s\n' "$ERR" | grep -v '^nspeek: warning: .* is not used: ')
	lines=$(printf '%s\n' "$said" | wc -l)
	first=$(printf '%s\n' "$said" | head -n 1)
	rest=$(printf '%s\n' "$said" | tail -n +2)
	assert_eq "$OUT" "" "stdout"
	assert_matches "$first" '^nspeek: .+'
	((lines == 1)) || assert_matches "$rest" '^hint: [^'$'\n'']+$'
	for part in "$@"; do
		assert_contains "$first" "$part"
	done
}

# The threads of process $1 that are stopped or traced, one line each.
threads_held() {
	awk 'FNR == 1 { state = "" }
	     /^State:/ { state = $2 }
	     /^TracerPid:/ { if ($2 != 0 || state == "T" || state == "t")
		print FILENAME, "state", state, "tracer", $2 }' /proc/"$1"/task/*/status 2>/dev/null
}

# The processes in the PID namespace of process $1, zombies too.
processes_beside() {
	local namespace
	namespace=$(readlink "/proc/$1/ns/pid")
	find /proc/[0-9]*/ns/pid -maxdepth 0 -lname "${namespace//[/\\[}" 2>/dev/null | sort
}

# The processes that run our copy of nspeek.
nspeek_processes() {
	find /proc/[0-9]*/exe -maxdepth 0 -lname "$WORK/nspeek*" 2>/dev/null
}

no_nspeek_left() {
	[ -z "$(nspeek_processes)" ]
}

# mounts_of PID: its mounts, but for those of tests that run beside this one.
mounts_of() {
	awk -v own="$WORK" 'index($5, own) == 1 || $5 !~ /nspeek-test|\/run\/netns/' \
		"/proc/$1/mountinfo" 2>/dev/null
}

host_mounts() {
	mounts_of self | sort
}

facts_of() {
	local pid=$1 own_pid_namespace
	own_pid_namespace=$(readlink /proc/self/ns/pid)
	printf 'held: %s\n' "$(threads_held "$pid")"
	printf 'root: %s\n' "$(readlink "/proc/$pid/root")"
	printf 'threads: %s\n' "$(echo /proc/"$pid"/task/*)"
	printf 'fds: %s\n' "$(find /proc/"$pid"/fd -type l -printf '%f %l\n' 2>/dev/null | sort)"
	printf 'mounts: %s\n' "$(mounts_of "$pid")"
	printf 'ids: %s\n' "$(grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|SigIgn|SigCgt|SigBlk)' \
		"/proc/$pid/status")"
	[ "$(readlink "/proc/$pid/ns/pid")" = "$own_pid_namespace" ] ||
		printf 'processes: %s\n' "$(processes_beside "$pid")"
	printf 'host mounts: %s\n' "$(host_mounts)"
}

# target_before PID, target_after PID: around what a test does to a target. After it, the target
# lives, no thread of it is stopped or traced, its mounts, fds, threads, credentials, the processes
# beside it and the host's mounts are what they were, and no nspeek runs.
target_before() {
	facts_of "$1" >"$WORK/before.$1"
	[ -s "$WORK/before.$1" ] || fail "the target $1 cannot be looked at"
}

target_is_as_before() {
	facts_of "$1" 2>/dev/null >"$WORK/after.$1"
	cmp -s "$WORK/before.$1" "$WORK/after.$1"
}

# Orphans are reaped late by some PID 1: hence the 4 seconds.
target_after() {
	kill -0 "$1" 2>/dev/null || fail "the target $1 is dead"
	assert_ne "$(awk '/^State:/ { print $2 }' "/proc/$1/task/$1/status")" X "its state"
	retry 4 target_is_as_before "$1" ||
		fail "the target $1 is not as before:"$'\n'"$(diff "$WORK/before.$1" "$WORK/after.$1")"
	retry 4 no_nspeek_left || fail "nspeek is left: $(nspeek_processes)"
}

# passed: the closing line; a test that ends without it has failed.
passed() {
	retry 4 no_nspeek_left || fail "nspeek is left: $(nspeek_processes)"
	say "PASSED: $TEST_NAME"
	exit 0
}

[ -x "$NSPEEK_BIN" ] || fail "no nspeek at $NSPEEK_BIN (NSPEEK_BIN)"
[ -x "$FIXTURES/container" ] || fail "no fixtures in $FIXTURES (NSPEEK_FIXTURES)"
WORK=$(mktemp -d /tmp/nspeek-test.XXXXXX) || exit 1
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
defer rm -rf --one-file-system "$WORK"
chmod 755 "$WORK"
NSPEEK=$WORK/nspeek
cp "$NSPEEK_BIN" "$NSPEEK" || exit 1
# shellcheck source=/dev/null
. "$SUPPORT/targets.sh"
