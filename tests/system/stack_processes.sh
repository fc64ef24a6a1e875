#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all-processes: a runc container with 20 processes of 3 programs, PID namespaces below it, a
# cgroup in our own PID namespace, processes that come and go meanwhile; one worker names each file
# once.
. "$(dirname "$0")/../support/lib.sh"

need_tool jq strace
mkdir -p "$WORK/bundle"
make_root "$WORK/bundle/rootfs"
add_busybox "$WORK/bundle/rootfs"
for name in other third; do
	cp "$WORK/bundle/rootfs/bin/app" "$WORK/bundle/rootfs/bin/$name"
done
start_runc /bin/app init
# shellcheck disable=SC2016
runc --root "$WORK/runc" exec -d "nspeek-test-$$" /bin/busybox sh -c '
	i=0
	while [ $((i += 1)) -le 6 ]; do
		/bin/app threads 2 & /bin/other sleep & /bin/third sleep &
	done
	exec /bin/third sleep' >/dev/null || fail "runc exec"
twenty() {
	[ "$(processes_beside "$TARGET" | wc -l)" = 20 ] &&
		[ "$(pgrep -x 'app|other|third' -c)" -ge 20 ]
}
retry 10 twenty || fail "20 processes never were: $(processes_beside "$TARGET")"
sleep 0.2 # until they wait
pids=$(processes_beside "$TARGET" | sed 's/[^0-9]//g' | sort -n | jq -cs .)
target_before "$TARGET"

expect_status 0 "$NSPEEK" stack -A --json "$TARGET"
assert_eq "$ERR" "" stderr
assert_eq "$(jq -c '[.processes[].pid] | sort' "$WORK/run.out")" "$pids" "processes"
assert_eq "$(jq -c '[.processes[].ns_pid] | unique | length' "$WORK/run.out")" 20 "PIDs inside"
assert_eq "$(jq -c '[.processes[].threads[].status] | unique' "$WORK/run.out")" '["complete"]' status
assert_eq "$(jq -c '[.processes[] | select(.exe == "/bin/app") | .threads | length] | sort' "$WORK/run.out")" \
	'[1,3,3,3,3,3,3]' "threads"
assert_eq "$(jq -c '[.processes[].threads[] | select(.name | startswith("worker")) | .frames |
	map(.symbol) | contains(["wait_for_work", "handle_requests"])] | unique' "$WORK/run.out")" \
	'[true]' "names in every process"

# Whichever of its processes is named, and once however many are.
other=$(jq '.[7]' <<<"$pids")
expect_status 0 "$NSPEEK" stack -A --json "$other" "$TARGET"
assert_eq "$(jq -c '[.processes[].pid] | sort' "$WORK/run.out")" "$pids" "processes"

# Text: a header each, and what they share once, each thread with its process.
expect_status 0 "$NSPEEK" stack --all-processes "$TARGET"
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^process [0-9]* ([0-9]* inside) ')" 20 "headers"
assert_eq "$(printf '%s\n' "$OUT" | grep -c 'handle_requests')" 1 "stacks of workers"
assert_matches "$OUT" $'\n''12 threads of 6 processes: [0-9]+ \([0-9]+[-,][0-9 ]+\), '
assert_matches "$OUT" $'\n''thread '"$TARGET"' \(1 inside\) of process '"$TARGET"' "app" S'
assert_matches "$OUT" $'\n''20 processes, 32 threads, 5 different stacks$'
expect_status 0 "$NSPEEK" stack --all-processes --no-unique "$TARGET"
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^thread ')" 32 "threads"
expect_status 0 "$NSPEEK" stack -A --folded "$TARGET"
assert_matches "$OUT" 'worker-0;.*;handle_requests;wait_for_work;.* 6'$'\n'
expect_status 0 "$NSPEEK" stack -A --diff --interval 0.1 "$TARGET"
assert_matches "$OUT" '32 of 32 threads did not move$'

# One worker, in which each program is mapped once: by as many mappings as for one process of each.
expect_status 0 env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=setsid,setpgid -o "$WORK/trace" "$NSPEEK" stack -A "$TARGET"
# The worker has a session of its own, its helpers have groups: one a process.
assert_eq "$(grep -c 'setsid()' "$WORK/trace") $(grep -c 'setpgid(0, 0)' "$WORK/trace")" "1 20" "processes of nspeek"

# The iterator's program is loaded once for all, as often as for one; and each has its own threads.
loads() {
	expect_status 0 env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=bpf -o "$WORK/bpf" "$NSPEEK" stack \
		--pause=never --json "$@"
	grep -c 'BPF_PROG_LOAD' "$WORK/bpf"
}
expect_status 0 "$NSPEEK" stack --pause=never --json "$TARGET"
if [ "$(jq -r '.processes[0].capture.task_iterator' "$WORK/run.out")" = loaded ]; then
	one=$(loads "$TARGET")
	((one > 0)) || fail "nothing was loaded"
	assert_eq "$(loads --repeat 2 --interval 0.1 -A "$TARGET" "$other")" "$one" "programs loaded for all"
	expect_status 0 "$NSPEEK" stack --pause=never --json -A "$TARGET"
	assert_eq "$(jq -c '[.processes[].threads[].source] | unique' "$WORK/run.out")" '["task-iterator"]' "source"
	assert_eq "$(jq -c '[.processes[] | .pid as $pid | any(.threads[]; .tid == $pid)] | unique' "$WORK/run.out")" \
		'[true]' "main threads"
	assert_eq "$(jq -c '[.processes[].threads[].tid] | [length, (unique | length)]' "$WORK/run.out")" '[32,32]' \
		"threads"
fi

# Lines of debug information, which is read for the first process, are those of all.
expect_status 0 "$NSPEEK" stack -A -l --json "$TARGET"
assert_eq "$(jq -c '[.processes[].threads[] | select(.name | startswith("worker")) | [.frames[] |
	select(.symbol == "wait_for_work" or .symbol == "handle_requests") | "\(.file):\(.line)"]] | group_by(.) |
	map("\(length) \(.[0] | length) \(.[0] | map(test("[.]c:[0-9]+$")) | all)")' "$WORK/run.out")" \
	'["12 2 true"]' "lines"

# What is kept of one can be read again.
expect_status 0 "$NSPEEK" stack -A --save "$WORK/kept" "$TARGET"
expect_status 0 "$NSPEEK" stack --load "$WORK/kept" --json
assert_eq "$(jq -c '[.processes[].pid] | sort' "$WORK/run.out")" "$pids" "processes that were kept"
target_after "$TARGET"

# A container in which processes come and go: they are lines, and the others are all there. On a fast
# machine there may be a new one at each look for more.
runc --root "$WORK/runc" exec -d "nspeek-test-$$" /bin/busybox sh -c \
	'while :; do /bin/busybox true; done' >/dev/null || fail "runc exec"
for _ in 1 2 3 4 5; do
	run "$NSPEEK" stack -A --json "$TARGET"
	((STATUS <= 1)) || fail "status $STATUS: $ERR"
	assert_eq "$(jq -c "$pids - [.processes[].pid]" "$WORK/run.out")" '[]' "processes left out"
	[ -z "$(printf '%s' "$ERR" | grep -v -e '^nspeek: process [0-9]* has exited$' \
		-e '^nspeek: warning: there are more processes than can be listed$')" ] || fail "stderr: $ERR"
done

# A namespace below: its processes are the container's too, but not the other way round.
start_unshare -p -f -- "$FIXTURES/container" init
outer=$TARGET
nsenter -t "$outer" -p -- unshare -p -f --kill-child "$FIXTURES/container" init >"$WORK/inner.out" &
defer kill -KILL $!
await_line "$WORK/inner.out" '^READY'
inner=$(pgrep -P "$(pgrep -P $!)" | head -n 1)
[ -n "$inner" ] || inner=$(pgrep -P $! | head -n 1)
expect_status 0 "$NSPEEK" stack -A --json "$outer"
assert_eq "$(jq -c --argjson pid "$outer" '[.processes[].pid] | contains([$pid])' "$WORK/run.out")" true outer
assert_eq "$(jq -c '[.processes[] | select(.exe | endswith("/container"))] | length' "$WORK/run.out")" 2 \
	"processes of both namespaces"
inner=$(jq --argjson pid "$outer" '.processes[] | select(.exe | endswith("/container")) |
	select(.pid != $pid) | .pid' "$WORK/run.out")
expect_status 0 "$NSPEEK" stack -A --json "$inner"
assert_eq "$(jq -c '[.processes[].pid]' "$WORK/run.out")" "[$inner]" "processes of the inner one"

# In our own PID namespace it is the cgroup, with those below. Which hierarchy tells: systemd's own,
# else the deepest of v1, else v2.
own_cgroup() {
	awk -F: '$2 == "name=systemd" && $3 != "/" { best = 1000; name = $2; path = $3 }
		$2 != "" && $2 != "name=systemd" && split($3, parts, "/") > best && $3 != "/" {
			best = split($3, parts, "/"); name = $2; path = $3 }
		$2 == "" && $3 != "/" && !best { best = 1; name = ""; path = $3 }
		END { if (best) print (name == "" ? "-" : name), path }' /proc/self/cgroup
}
read -r hierarchy path < <(own_cgroup)
if [ -n "${path:-}" ]; then
	dir=$(awk -v want="${hierarchy#name=}" '{ type = ""; for (i = 7; i < NF; i++) if ($i == "-") type = $(i + 1) }
		(want == "-" && type == "cgroup2") || (type == "cgroup" && ("," $NF ",") ~ ("[,=]" want ",")) {
		print $5; exit }' /proc/self/mountinfo)$path/nspeek-test-members-$$
	mkdir -p "$dir/below" || fail "a cgroup at $dir"
	defer rmdir "$dir/below" "$dir"
	started=()
	for group in "$dir" "$dir/below"; do
		start "sleeper" "$FIXTURES/container" sleep
		echo "$STARTED" >"$group/cgroup.procs" || fail "moving into $group"
		started+=("$STARTED")
	done
	defer sleep 0.2
	wanted=$(printf '%s\n' "${started[@]}" | sort -n | jq -cs .)
	expect_status 0 "$NSPEEK" stack -A --json "${started[0]}"
	assert_eq "$(jq -c '[.processes[].pid]' "$WORK/run.out")" "$wanted" "processes of the cgroup"
	expect_status 0 "$NSPEEK" stack -A --json "${started[1]}"
	assert_eq "$(jq -c '[.processes[].pid]' "$WORK/run.out")" "[${started[1]}]" "processes below"
	# nspeek in the same cgroup lists neither itself nor its worker.
	# shellcheck disable=SC2016
	expect_status 0 bash -c 'echo $$ >"$1/cgroup.procs" && exec "$2" stack -A --json "$3"' bash \
		"$dir" "$NSPEEK" "${started[0]}"
	assert_eq "$(jq -c '[.processes[].pid]' "$WORK/run.out")" "$wanted" "processes without nspeek"
	for pid in "${started[@]}"; do
		finish "$pid"
	done
fi
passed
