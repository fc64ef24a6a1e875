#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For how long blocked threads have waited: threads that blocked at times that are known, each on
# another CPU, with the task iterator and by /proc alone, in a time namespace, kept and loaded. Only
# what cannot be is wrong: less than since the program saw the thread asleep, or more than since
# before it blocked; how long nspeek takes does not matter. Where a hypervisor takes the CPUs for a
# while, the clocks of /proc leave that out (attach/waited.h): as much less may be told.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq

SLACK=3 # milliseconds: clocks that are a moment apart, parts of one that are cut off

# stolen: how many milliseconds a hypervisor has taken from all CPUs so far.
stolen() {
	awk -v hz="$(getconf CLK_TCK)" '/^cpu / { printf "%d", $9 * 1000 / hz }' /proc/stat
}

STOLEN_BEFORE=$(stolen)

# look NAME COMMAND...: as JSON to $WORK/NAME, and between which times: FROM and TO.
look() {
	local name=$1
	shift
	FROM=${EPOCHREALTIME/./}
	expect_status 0 "$@"
	TO=${EPOCHREALTIME/./}
	cp "$WORK/run.out" "$WORK/$name"
	LEFT_OUT=$(stolen)
	# It is counted in ticks of 10 ms.
	[ "$LEFT_OUT" = 0 ] || LEFT_OUT=$((LEFT_OUT - STOLEN_BEFORE + 20))
}

# told NAME FIXTURE THREAD: what JSON NAME tells of the THREAD of FIXTURE, which must be so.
told() {
	local waited before after
	waited=$(jq --arg name "$3" '.processes[0].threads[] | select(.name == $name).waited_ms' "$WORK/$1")
	read -r _ before after < <(grep "^$3 " "$WORK/$2.out")
	[[ $waited =~ ^[0-9]+$ ]] || fail "of $3 is told '$waited'"
	((waited + SLACK + LEFT_OUT >= (FROM - after) / 1000)) ||
		fail "$3 has waited $waited ms, and for longer than $(((FROM - after) / 1000))"
	((waited - SLACK <= (TO - before) / 1000)) ||
		fail "$3 has waited $waited ms, and for no longer than $(((TO - before) / 1000))"
}

# all_told NAME FIXTURE: of all threads of FIXTURE that sleep.
all_told() {
	local thread
	for thread in slept-{0..4} ran; do
		told "$1" "$2" "$thread"
	done
	# It runs now and then, and is then not told of.
	assert_eq "$(jq '.processes[0].threads[] | select(.name == "poller").waited_ms |
		. == null or (. >= 0 and . < 5000)' "$WORK/$1")" true "what is told of the poller"
}

start slept "$FIXTURES/slept" 5 200
await_line "$WORK/slept.out" '^READY'
TARGET=$STARTED
# Long enough that its own run is short.
sleep 1
target_before "$TARGET"

# By /proc, and what tells it there is noted by each CPU's own clock; a thread of real-time priority
# too.
for ((i = 0; i < 10; i++)); do
	look json "$NSPEEK" stack --json "$TARGET"
	all_told json slept
	told json slept real-time
done
look json "$FIXTURES/deny" bpf=EPERM -- "$NSPEEK" stack --pause=never --json "$TARGET"
assert_eq "$(jq -c '[.processes[0].threads[].source] | unique - [null]' "$WORK/json")" '["proc"]' source
all_told json slept
# By the task iterator, which does not know when a thread of real-time priority began to wait.
if [ "${NSPEEK_BPF:-ON}" = ON ]; then
	for ((i = 0; i < 10; i++)); do
		look json "$NSPEEK" stack --pause=never --json "$TARGET"
		assert_eq "$(jq -c '[.processes[0].threads[].source] | unique - [null]' "$WORK/json")" \
			'["task-iterator"]' source
		all_told json slept
	done
fi

# Threads that are shown as one: the shortest and the longest wait, or both if they read the same
# (which they do on a machine that took ten seconds until here). Kept, it is the same.
expect_status 0 "$NSPEEK" stack --save "$WORK/snapshot" "$TARGET"
assert_matches "$OUT" '5 threads .*"slept-0".* S in pause for [0-9.]+ m?s( to [0-9.]+ s)?'
grep '^thread\|threads .* in pause' "$WORK/run.out" >"$WORK/saved"
expect_status 0 "$NSPEEK" stack --load "$WORK/snapshot"
grep '^thread\|threads .* in pause' "$WORK/run.out" >"$WORK/loaded"
cmp "$WORK/saved" "$WORK/loaded" || fail "loaded: $(diff "$WORK/saved" "$WORK/loaded")"
look json "$NSPEEK" stack --save "$WORK/snapshot" --json "$TARGET"
expect_status 0 "$NSPEEK" stack --load "$WORK/snapshot" --json
cp "$WORK/run.out" "$WORK/loaded"
assert_eq "$(jq -c '[.processes[0].threads[].waited_ms]' "$WORK/loaded")" \
	"$(jq -c '[.processes[0].threads[].waited_ms]' "$WORK/json")" "what was kept"
all_told loaded slept

# That they wait for longer each time is no move.
expect_status 0 "$NSPEEK" stack --diff --interval 0.1 -t "$TARGET" "$TARGET"
assert_contains "$OUT" "1 of 1 thread did not move"

# A thread that was stopped to be copied ran for that.
expect_status 0 "$NSPEEK" stack --pause=each --json "$TARGET"
assert_eq "$(jq -c '[.processes[0].threads[].waited_ms] | unique' "$WORK/run.out")" '[null]' "of stopped threads"
expect_status 0 "$NSPEEK" stack --pause=each "$TARGET"
assert_lacks "$OUT" " S in pause for "

# Who runs does not wait.
start spin "$FIXTURES/container" spin
await_state "$STARTED" R
for policy in auto never; do
	run "$NSPEEK" stack --pause="$policy" --json "$STARTED"
	assert_eq "$(jq -c '[.processes[0].threads[].waited_ms]' "$WORK/run.out")" '[null]' "of one that runs"
done
finish "$STARTED"
finish "$TARGET"

# By an ordinary user, of threads that are its own.
make_user
cp "$FIXTURES/slept" "$WORK/own"
start own "${AS_USER[@]}" "$WORK/own" 5 100
await_line "$WORK/own.out" '^READY'
sleep 0.5
look json "${AS_USER[@]}" "$NSPEEK" stack --json "$STARTED"
all_told json own

# Time namespaces, whose clocks are others: the container's, and one of nspeek.
if unshare --time true 2>/dev/null; then
	start boxed unshare --time --monotonic 500000 --boottime 700000 --fork --kill-child "$FIXTURES/slept" 5 100
	await_line "$WORK/boxed.out" '^READY'
	await_child "$STARTED"
	sleep 0.5
	for policy in auto never; do
		look json "$NSPEEK" stack --pause="$policy" --json "$CHILD"
		all_told json boxed
		look json unshare --time --monotonic 400000 --fork "$NSPEEK" stack --pause="$policy" --json "$CHILD"
		all_told json boxed
	done
fi
passed
