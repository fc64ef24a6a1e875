#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TARGETs that are no container's name: systemd units, cgroups, processes inside; and containers that
# are no processes of this kernel's.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/runtimes.sh"
need_tool jq

lab_open
LAB_PID=$STARTED
top=${LAB_CGROUPS[0]}
ID_A=$(printf '%064x' 11)
ID_B=$(printf '%064x' 12)

# start_in CGROUP COMMAND...: STARTED is in the cgroup.
start_in() {
	local cgroup=$top/$1
	shift
	mkdir -p "$cgroup" || fail "a cgroup"
	# shellcheck disable=SC2016
	start in sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "$@"
	await_line "$WORK/in.out" '^READY'
}

pids_of() {
	jq -c '[.processes[].pid] | sort' "$WORK/run.out"
}

start_in a.slice/web.service "$FIXTURES/container" init
first=$STARTED
start_in a.slice/web.service/below "$FIXTURES/container" init
second=$STARTED
start_in 'a.slice/with\x2ddash.service' "$FIXTURES/container" init
dashed=$STARTED
for word in unit:web unit:web.service "cgroup:/$LAB/a.slice/web.service" \
	"cgroup:$LAB/a.slice/web.service/" "cgroup:$top/a.slice/web.service"; do
	expect_status 0 "$NSPEEK" stack --json "$word"
	assert_eq "$(pids_of)" "$(jq -nc "[$first,$second] | sort")" "the processes of $word"
done
expect_status 0 "$NSPEEK" stack --json "cgroup:/$LAB/a.slice/web.service/below"
assert_eq "$(pids_of)" "[$second]"
expect_status 0 "$NSPEEK" stack --json unit:with-dash
assert_eq "$(pids_of)" "[$dashed]"
expect_status 0 "$NSPEEK" stack --json 'unit:with\x2ddash.service'
assert_eq "$(pids_of)" "[$dashed]"
# One of them, by its number there; a cgroup that is called so comes first.
for word in "unit:web/$second" "cgroup:/$LAB/a.slice/web.service/$second"; do
	expect_status 0 "$NSPEEK" stack --json "$word"
	assert_eq "$(pids_of)" "[$second]" "the process $word"
done
expect_status 2 "$NSPEEK" stack "unit:web/$dashed"
assert_one_error "there is no process $dashed inside, in unit:web/$dashed"
start_in "a.slice/web.service/$first" "$FIXTURES/container" init
expect_status 0 "$NSPEEK" stack --json "cgroup:/$LAB/a.slice/web.service/$first"
assert_eq "$(pids_of)" "[$STARTED]" "the process in a cgroup of digits"
expect_status 2 "$NSPEEK" stack unit:we
assert_one_error "no process is in unit:we"
expect_status 2 "$NSPEEK" stack "cgroup:/$LAB/a.slice/we"
assert_one_error "no process is in cgroup:"
expect_status 64 "$NSPEEK" stack unit:
assert_one_error "there is no name in unit:"
start_in b.slice/web.service "$FIXTURES/container" init
expect_status 2 "$NSPEEK" stack unit:web
assert_one_error "unit:web means 2 containers: " "($first)" "($STARTED)"

# Words that mean nothing.
expect_status 64 "$NSPEEK" stack nspawn:web
assert_one_error "there is no runtime nspawn"
assert_contains "$ERR" "hint: RUNTIME: is docker, podman, containerd, "
expect_status 64 "$NSPEEK" stack docker:
assert_one_error "there is no name in docker:"
expect_status 125 "$NSPEEK" docker:web true
assert_one_error "no container is called docker:web"

# A virtual machine, and a kernel of its own, around a container.
mkdir -p "$top/docker/$ID_A"
# shellcheck disable=SC2016
start kata bash -c 'exec -a containerd-shim-kata-v2 bash -c "\"$0\" sleep & echo \$! >\"$1/cgroup.procs\"
	echo READY \$!; wait" "$0" "$1" -namespace moby -id "$2"' "$FIXTURES/container" "$top/docker/$ID_A" "$ID_A"
await_line "$WORK/kata.out" '^READY'
defer kill -KILL "$(awk '{ print $2 }' "$WORK/kata.out")"
mkdir -p "$top/docker/$ID_B"
cp "$FIXTURES/container" "$WORK/runsc"
# shellcheck disable=SC2016
start gvisor bash -c 'echo $$ >"$1/cgroup.procs"; exec "$0" init' "$WORK/runsc" "$top/docker/$ID_B"
await_line "$WORK/gvisor.out" '^READY'
expect_status 0 "$NSPEEK" list --json
assert_eq "$(jq -c '[.containers[] | select(.isolation) | [.id, .isolation]] | sort' "$WORK/run.out")" \
	"[[\"$ID_A\",\"kata\"],[\"$ID_B\",\"gvisor\"]]" "what is isolated"
expect_status 125 "$NSPEEK" "docker:$ID_A" true
assert_one_error "runs in a virtual machine (kata): its processes are not this kernel's"
expect_status 2 "$NSPEEK" stack "docker:$ID_B"
assert_one_error "runs in a kernel of its own (gvisor): its processes are not this kernel's"

# Processes inside, by their numbers there.
RUNC_ROOT=/run/runc
need_tool runc
# No other test's container is called so.
BOX=box$$
box_root "$BOX"
start_box runc "$BOX" app /bin/app init
"${LAB_RUN[@]}" runc exec --detach --pid-file "$WORK/second.pid" "$BOX" /bin/app threads 2 >/dev/null 2>&1 ||
	fail "runc exec"
second=$(cat "$WORK/second.pid")
await_program "$second" app
inside=$(awk '/^NSpid/ { print $NF }' "/proc/$second/status")
in_lab() {
	local status=$1
	shift
	expect_status "$status" nsenter --mount="/proc/$LAB_PID/ns/mnt" -- "$WORK/nspeek" "$@"
}
in_lab 0 list --json
assert_eq "$(jq -c '.containers[] | select(.name == "'"$BOX"'") | .processes' "$WORK/run.out")" 2 processes
in_lab 0 stack --json "$BOX"
assert_eq "$(pids_of)" "$(jq -nc "[$TARGET,$second] | sort")" "the processes of $BOX"
in_lab 0 stack --json "$BOX/$inside"
assert_eq "$(pids_of)" "[$second]" "the process $BOX/$inside"
in_lab 0 stack --json --thread "$second" "runc:$BOX/$inside"
assert_eq "$(jq '.processes[0].threads | length' "$WORK/run.out")" 1 "one thread"
in_lab 64 stack --thread "$second" "$BOX"
assert_one_error "--thread is of one process, and $BOX means a container"
in_lab 0 stack --repeat 2 --interval 0.1 --json "$BOX"
assert_eq "$(jq -c '[.processes[].round]' "$WORK/run.out")" '[1,1,2,2]' rounds
in_lab 2 stack "$BOX/4000000"
assert_one_error "there is no process 4000000 inside, in $BOX/4000000"
# Several, one of which there is not.
in_lab 1 stack --json "$BOX"/1 nosuch
assert_eq "$(pids_of)" "[$TARGET]"
assert_contains "$ERR" "nspeek: no container is called nosuch"

# The table.
in_lab 0 list
assert_matches "$OUT" '^RUNTIME +ID +NAME +PID +PROCS +ROOTLESS +UP +COMMAND'
assert_matches "$OUT" $'\n'"runc +$BOX +$BOX +$TARGET +2 +no +[0-9]+[smh] +app"
in_lab 0 list --noheadings -o name,target,owner,kind,namespaces,cgroup
assert_matches "$OUT" "$BOX +$TARGET:[0-9]+ +0 +container +ipc,uts,net,pid,mnt +-"
in_lab 0 "$(awk -v box="$BOX" '$1 == box { print $2 }' "$WORK/run.out")" -- /bin/app hostname
assert_eq "$OUT" "$BOX"
in_lab 0 list -o help
assert_contains "$OUT" LONGID
in_lab 64 list box
assert_one_error "list shows all containers, and takes no TARGET: 'box'"
in_lab 64 list -o nosuch
in_lab 64 list --json -o name
passed
