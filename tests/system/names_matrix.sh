#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `names_matrix.sh RUNTIME`: a container of that runtime (see support/runtimes.sh) is found by its
# name and by its id, listed, entered, and its stacks are taken; again when no daemon lives; and again
# when nothing lives that the runtime has left beside it.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/runtimes.sh"
need_tool jq

# NAME; the word before the colon, or `-` where the runtime is not known; whether it has long ids; and
# what lives beside its container that it survives.
rows=(
	"bwrap - no"
	"containerd containerd no containerd-shim"
	"crun crun no"
	"docker docker yes containerd-shim"
	"lxc lxc no"
	"nspawn machine no"
	"podman podman yes conmon"
	"podman_rootless podman yes conmon"
	"runc runc no"
	"unshare - no"
)

# nspeek STATUS WORD...: as who is in the lab, whose /run has the runtimes' state.
nspeek() {
	local status=$1
	shift
	# shellcheck disable=SC2016
	expect_status "$status" sh -c 'echo $$ >"$1/nspeek/cgroup.procs" || exit 99
		ns=$2
		shift 2
		exec nsenter --mount="$ns" -- "$@"' sh "${LAB_CGROUPS[0]}" "/proc/$LAB_PID/ns/mnt" \
		"$WORK/nspeek" "$@"
}

# listed FILTER: what jq finds in the row of the box, as the last run listed it.
listed() {
	jq -r --argjson pid "$TARGET" ".containers[] | select(.pid == \$pid) | $1" "$WORK/list"
}

list() {
	nspeek 0 list --json
	cp "$WORK/run.out" "$WORK/list"
}

# finds WORD: it means the box, for every command.
finds() {
	nspeek 0 "$1" -- /bin/app hostname
	assert_eq "$OUT" "$BOX" "the host name in $1"
	assert_eq "$ERR" "" "stderr of $1"
	nspeek 0 stack --json "$1"
	assert_eq "$(jq -c '[.processes[] | [.pid, .ns_pid, .container.runtime, .container.name]]' \
		"$WORK/run.out")" "[[$TARGET,1,$RUNTIME_JSON,$NAME_JSON]]" "the processes of $1"
	nspeek 0 stack "$1"
	assert_contains "$OUT" "process $TARGET (1 inside)"
}

# What can be known of a container of no known runtime: where it is.
find_nameless() {
	local facts wanted
	list
	facts=$(listed '[.runtime, .name, .processes, .rootless]' | jq -c .)
	assert_eq "$facts" '[null,null,1,false]' "the row"
	wanted=$TARGET:$(listed .pidfd)
	nspeek 0 "$wanted" -- /bin/app hostname
	assert_eq "$OUT" "$BOX"
	nspeek 2 stack "$BOX"
	assert_one_error "no container is called $BOX"
}

find_named() {
	local id facts rootless=false
	[ "$RUNTIME" != podman_rootless ] || rootless=true
	list
	facts=$(listed '[.runtime, .name, .processes, .rootless, .sandbox, .isolation]' | jq -c .)
	assert_eq "$facts" "[$RUNTIME_JSON,$NAME_JSON,1,$rootless,false,null]" "the row"
	assert_eq "$(listed .namespaces.pid)" "$(stat -Lc %i "/proc/$TARGET/ns/pid")" "its PID namespace"
	id=$(listed .id)
	finds "$NAME"
	finds "$word:$NAME"
	finds "$NAME/1"
	nspeek 0 ps --noheadings -o container,pid "$TARGET"
	assert_eq "$OUT" "$NAME  $TARGET" "the container of a PID"
	finds "$word:$id"
	[ "$long" = no ] || {
		assert_matches "$id" '^[0-9a-f]{64}$'
		finds "$id"
		finds "${id:0:12}"
		finds "$word:${id:0:6}"
		nspeek 125 "${id:0:5}"
		nspeek 0 list
		assert_matches "$OUT" "$word +${id:0:12} +$NAME +$TARGET "
	}
	nspeek 125 "nspawn:$NAME"
	assert_one_error "there is no runtime nspawn"
	nspeek 125 "$word:$NAME/7"
	assert_one_error "there is no process 7 inside"
	for other in docker podman lxc crun; do
		[ "$other" != "$word" ] || continue
		nspeek 125 "$other:$NAME" /bin/app true
		assert_one_error "no container is called $other:$NAME"
	done
	nspeek 125 "${NAME}x" /bin/app true
	assert_one_error "no container is called ${NAME}x"
	assert_contains "$ERR" "hint: some are called like it:"
	assert_contains "$ERR" "$word:$NAME ($TARGET)"
}

# beside REGEX: the processes of the lab whose programs are called so.
beside() {
	local cgroup pid name
	for cgroup in "${LAB_CGROUPS[@]}"; do
		find "$cgroup" -name cgroup.procs -exec cat {} +
	done | sort -u | while read -r pid; do
		name=$({ tr '\0' '\n' <"/proc/$pid/cmdline"; } 2>/dev/null | head -n 1)
		[[ ! ${name##*/} =~ ^($1) ]] || printf '%s\n' "$pid"
	done
}

are_killed() {
	local pid
	for pid in $(beside "$1"); do
		kill -KILL "$pid"
	done
	[ -z "$(beside "$1")" ]
}

# find_without REGEX: the box is found when none of these lives.
find_without() {
	retry 10 are_killed "$1" || fail "what was killed lives: $1"
	[ -e "/proc/$TARGET/root/etc/box" ] || fail "the box has ended with $1"
	box_before "$TARGET"
	find_named
	box_after "$TARGET"
}

lab_open
LAB_PID=$STARTED
# Where they keep it if nobody says otherwise; in the lab these are its own.
RUNC_ROOT=/run/runc
CRUN_ROOT=/run/crun
CONTAINERD_STATE=/run/containerd
# Containers of tests that run beside this one are seen too, so it has a name of its own.
BOX=box-$$
box_root "$BOX"
start_box "$1" "$BOX" app /bin/app init
for row in "${rows[@]}" ""; do
	read -r name word long beside <<<"$row"
	[ "$name" != "$1" ] || break
done
[ "$name" = "$1" ] || fail "no row for the runtime $1"
RUNTIME_JSON=$(jq -nc --arg word "$word" '$word')
NAME=$BOX
[ "$1" != nspawn ] || NAME=$LAB-$BOX
NAME_JSON=$(jq -nc --arg name "$NAME" '$name')
if [ "$word" = - ]; then
	box_before "$TARGET"
	find_nameless
	box_after "$TARGET"
else
	find_without "no such program"
	find_without '(dockerd|containerd|podman)$'
	[ -z "${beside:-}" ] || find_without "$beside"
fi
passed
