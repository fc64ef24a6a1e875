#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# -c, --join-cgroup: the command is in the target's cgroups of every hierarchy, nspeek never is; what
# would hang or be refused is said first; nothing is made.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/cgroup.sh"

need_root
need_tool unshare strace
APP=$FIXTURES/container
NAME=nspeek-test-$$

# The mount points of cgroup file systems, those of v2 last.
mapfile -t V1 < <(awk '$0 ~ / - cgroup / { print $5 }' /proc/self/mountinfo)
V2=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
[ -n "$V2" ] || skip "cgroup2"
[ -w "$V2/cgroup.procs" ] || skip "a cgroup2 file system that may be written"

# v1_of CONTROLLER: where it is mounted.
v1_of() {
	awk -v name="$1" '$0 ~ / - cgroup / && "," $NF "," ~ "," name "," { print $5; exit }' /proc/self/mountinfo
}

# Our own path in the hierarchy that /proc/self/cgroup calls $1; nothing for its root.
own_path() {
	awk -F: -v name="$1" '$2 == name { sub(/^[^:]*:[^:]*:/, ""); sub(/\/$/, ""); print }' /proc/self/cgroup
}

# move PID DIR: into the cgroup.
move() {
	echo "$1" >"$2/cgroup.procs" || fail "moving $1 to $2"
}

cgroup_dirs() {
	find "${V1[@]}" "$V2" -type d -name "*$NAME*" 2>/dev/null | sort
}

# joins ARG...: a command of nspeek with these options is where the target is, and nspeek is not.
joins() {
	local ours
	ours=$(cat /proc/self/cgroup)
	start command "$@" -- "$APP" sleep
	await_command "$STARTED"
	assert_eq "$(cat "/proc/$CHILD/cgroup")" "$(cat "/proc/$TARGET/cgroup")" "the command's cgroups"
	assert_eq "$(cat "/proc/$STARTED/cgroup")" "$ours" "nspeek's cgroups"
	kill -TERM "$STARTED"
	wait "$STARTED" 2>/dev/null
}

# The command is the container program under whichever name.
has_command() {
	CHILD=$(pgrep -P "$1" | while read -r stub; do pgrep -P "$stub" -x "${APP##*/}"; done)
	[ -n "$CHILD" ]
}

start_unshare --mount --pid --mount-proc --uts --fork -- "$APP" init
target_before "$TARGET"

# The same cgroups as ours: nothing to do, no error.
expect_status 0 "$NSPEEK" -c "$TARGET" -- "$APP" exit 0
assert_eq "$ERR" "" "stderr"

# Own cgroups in v2 and in every v1 hierarchy that takes one without set-up, with hostile names.
nasty="$NAME a b:c\\040 ,x#%"
for mount in "$V2" "${V1[@]}"; do
	case $mount in *cpuset*) continue ;; esac
	type=$(awk -v point="$mount" '$5 == point { print $NF }' /proc/self/mountinfo)
	own=$(awk -F: -v all=",$type," '{ n = split($2, names, ","); ok = n > 0
		for (i in names) if (index(all, "," names[i] ",") == 0) ok = 0
		if (ok && $2 != "") { sub(/^[^:]*:[^:]*:/, ""); sub(/\/$/, ""); print; exit } }' /proc/self/cgroup)
	[ "$mount" != "$V2" ] || own=$(own_path "")
	make_cgroup "$mount$own/$nasty"
	move "$TARGET" "$mount$own/$nasty"
done
assert_contains "$(cat "/proc/$TARGET/cgroup")" "0::$(own_path "")/$nasty"
before=$(cgroup_dirs)
joins "$NSPEEK" -c "$TARGET"
joins "$NSPEEK" --join-cgroup -u "$TARGET"
joins "$FIXTURES/deny" statx=ENOSYS -- "$NSPEEK" -c "$TARGET"
# Not by default.
expect_status 0 "$NSPEEK" "$TARGET" -- cat /proc/self/cgroup
assert_eq "$OUT" "$(cat /proc/self/cgroup)" "cgroups without -c"
# What runs when nspeek is killed is killed, and nothing is left there.
start command "$NSPEEK" -c "$TARGET" -- "$APP" sleep
await_command "$STARTED"
finish "$STARTED"
is_alone() {
	[ "$(cat "$V2$(own_path "")/$nasty/cgroup.procs")" = "$TARGET" ]
}
retry 10 is_alone || fail "left in the cgroup: $(cat "$V2$(own_path "")/$nasty/cgroup.procs")"
assert_eq "$(cgroup_dirs)" "$before" "cgroups afterwards"

# Refusals of the kernel, each with its reason.
for refusal in EBUSY "controllers enabled for its children" EACCES "nearest common" ENOSPC "no CPUs" \
	EOPNOTSUPP threaded ENODEV "removed meanwhile"; do
	if [[ $refusal == E* ]]; then
		errno=$refusal
		continue
	fi
	ASAN_OPTIONS=detect_leaks=0 expect_status 125 strace -f -qq -o /dev/null -P "$V2$(own_path "")/$nasty/cgroup.procs" \
		-e trace=write -e "inject=write:error=$errno" "$NSPEEK" -c "$TARGET" -- "$APP" exit 0
	assert_one_error "moving failed on the command to the cgroup /" "(v2)"
	assert_matches "$ERR" "hint: .*$refusal"
done

# Frozen, itself or by an ancestor: an error at once with -c, no matter without it.
frozen_is_said() {
	expect_status 125 timeout 5 "$NSPEEK" -c "$TARGET" -- "$APP" exit 0
	assert_one_error "is frozen" "$1"
	expect_status 125 timeout 5 "$NSPEEK" --as-target "$TARGET" -- "$APP" exit 0
	assert_contains "$ERR" "is frozen"
	expect_status 0 timeout 5 "$NSPEEK" "$TARGET" -- "$APP" exit 0
	expect_status 0 timeout 5 "$NSPEEK" "$TARGET" -- "$APP" ns
	expect_same_view "$TARGET"
}
deep=$V2$(own_path "")/$nasty
make_cgroup "$deep/inner"
move "$TARGET" "$deep/inner"
for dir in "$deep" "$deep/inner"; do
	echo 1 >"$dir/cgroup.freeze"
	retry 5 grep -q "frozen 1" "$deep/inner/cgroup.events" || fail "not frozen"
	frozen_is_said "(v2)"
	echo 0 >"$dir/cgroup.freeze"
done
freezer=$(v1_of freezer)
if [ -n "$freezer" ]; then
	deep=$freezer$(own_path freezer)/$nasty
	make_cgroup "$deep/inner"
	move "$TARGET" "$deep/inner"
	for dir in "$deep" "$deep/inner"; do
		defer eval "echo THAWED >'$dir/freezer.state'"
		echo FROZEN >"$dir/freezer.state"
		retry 5 grep -q FROZEN "$deep/inner/freezer.state" || fail "not frozen"
		frozen_is_said "(freezer)"
		echo THAWED >"$dir/freezer.state"
	done

	# Frozen while nspeek is about to run the command: it can still be ended, and what was frozen ends
	# when it is thawed. (The joiner is held after it has moved.)
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -P "$deep/inner/cgroup.procs" -e trace=write \
		-e inject=write:delay_exit=1000000 "$NSPEEK" -c "$TARGET" -- "$APP" exit 0 \
		>"$WORK/strace.out" 2>&1 &
	STRACE=$!
	has_joined() {
		JOINER=$(grep -vx "$TARGET" "$deep/inner/cgroup.procs")
		[ -n "$JOINER" ]
	}
	retry 10 has_joined || fail "no joiner in the cgroup"
	SUPERVISOR=$(awk '/^PPid/ { print $2 }' "/proc/$JOINER/status")
	echo FROZEN >"$deep/inner/freezer.state"
	sleep 1.5
	kill -TERM "$SUPERVISOR"
	is_gone() {
		! kill -0 "$1" 2>/dev/null || [ "$(state_of "$1")" = Z ]
	}
	retry 3 is_gone "$SUPERVISOR" || fail "nspeek waits for a frozen joiner"
	is_gone "$JOINER" && fail "the joiner is not frozen: nothing was tested"
	echo THAWED >"$deep/inner/freezer.state"
	retry 5 is_gone "$JOINER" || fail "the joiner lives on"
	wait "$STRACE" 2>/dev/null
fi

# No room for another process, in it or in an ancestor.
pids=$(v1_of pids)
if [ -n "$pids" ]; then
	deep=$pids$(own_path pids)/$nasty
	make_cgroup "$deep/inner"
	move "$TARGET" "$deep/inner"
	# A dead process that is not reaped yet counts too.
	retry 5 grep -qx 1 "$deep/pids.current" || fail "more than the target is in $deep"
	for dir in "$deep" "$deep/inner"; do
		for max in 0 1 2 3; do
			echo "$max" >"$dir/pids.max"
			expect_status 125 "$NSPEEK" -c "$TARGET" -- "$APP" exit 0
			assert_one_error "has no room for the command: it has 1 of at most $max processes"
			expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" exit 0
		done
		echo 4 >"$dir/pids.max"
		expect_status 0 "$NSPEEK" -c "$TARGET" -- "$APP" exit 0
		echo max >"$dir/pids.max"
	done
fi

# A cpuset gives its CPUs, after which the affinity is the target's.
cpuset=$(v1_of cpuset)
if [ -n "$cpuset" ]; then
	deep=$cpuset$(own_path cpuset)/$NAME-cpuset
	make_cgroup "$deep"
	echo 0 >"$deep/cpuset.cpus"
	echo 0 >"$deep/cpuset.mems"
	move "$TARGET" "$deep"
	for option in -c --as-target; do
		expect_status 0 "$NSPEEK" "$option" "$TARGET" -- grep ^Cpus_allowed_list: /proc/self/status
		assert_eq "$OUT" $'Cpus_allowed_list:\t0' "CPUs with $option"
	done
	expect_status 0 "$NSPEEK" "$TARGET" -- cat /proc/self/status
	assert_contains "$OUT" "$(grep ^Cpus_allowed_list: /proc/self/status)"
	echo "$TARGET" >"$cpuset$(own_path cpuset)/cgroup.procs"
fi

# A threaded cgroup of v2: a process may be there, though its list cannot be read.
deep=$V2$(own_path "")/$NAME-threads
make_cgroup "$deep" "$deep/inner"
echo threaded >"$deep/inner/cgroup.type"
move "$TARGET" "$deep"
move "$TARGET" "$deep/inner"
joins "$NSPEEK" -c "$TARGET"
move "$TARGET" "$V2$(own_path "")/$nasty"
target_after "$TARGET"

# Only v2 is there to be seen: then the hierarchies of v1 cannot be joined. In a target that differs
# only in v2 nothing else is asked for.
only_v2=()
if [ -n "$freezer" ]; then
	# shellcheck disable=SC2016
	only_v2=(unshare -m --propagation private sh -c
		'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh)
	expect_status 125 "${only_v2[@]}" "$NSPEEK" -c "$TARGET" -- "$APP" exit 0
	assert_one_error "is not mounted here"
	expect_status 0 "${only_v2[@]}" "$NSPEEK" --as-target "$TARGET" -- grep ^0: /proc/self/cgroup
	assert_eq "$OUT" "$(grep ^0: "/proc/$TARGET/cgroup")" "the v2 cgroup"
	assert_contains "$ERR" "warning: not copied: a cgroup: the target is in the cgroup /"
	assert_contains "$ERR" "(freezer) is not mounted here"
fi
start_unshare --mount --pid --mount-proc --uts --fork -- "$APP" init
move "$TARGET" "$V2$(own_path "")/$nasty"
target_before "$TARGET"
expect_status 0 "${only_v2[@]}" "$NSPEEK" -v -c "$TARGET" -- cat /proc/self/cgroup
assert_eq "$OUT" "$(cat "/proc/$TARGET/cgroup")" "cgroups, when only v2 is there"
assert_contains "$ERR" "cgroup (v2): joined"
# What is mounted over it is not taken for it.
# shellcheck disable=SC2016
expect_status 125 unshare -m --propagation private sh -c 'mount -t tmpfs none "$0" && exec "$@"' "$V2" \
	"$NSPEEK" -c "$TARGET" -- "$APP" exit 0
assert_one_error "cgroup"
# Part of the hierarchy is mounted, and the target is in it, or not.
# shellcheck disable=SC2016
partly='mount --bind "$1" /mnt && umount "$2" && shift 2 && exec "$@"'
expect_status 0 unshare -m --propagation private sh -c "$partly" sh "$V2$(own_path "")/$nasty" "$V2" \
	"$NSPEEK" -c "$TARGET" -- cat /proc/self/cgroup
assert_eq "$OUT" "$(cat "/proc/$TARGET/cgroup")" "cgroups, seen by a part of the tree"
# (Frozen by an ancestor that cannot be seen.)
make_cgroup "$V2$(own_path "")/$nasty/shown"
move "$TARGET" "$V2$(own_path "")/$nasty/shown"
echo 1 >"$V2$(own_path "")/$nasty/cgroup.freeze"
retry 5 grep -q "frozen 1" "$V2$(own_path "")/$nasty/shown/cgroup.events" || fail "not frozen"
expect_status 125 timeout 5 unshare -m --propagation private sh -c "$partly" sh "$V2$(own_path "")/$nasty/shown" "$V2" \
	"$NSPEEK" -c "$TARGET" -- "$APP" exit 0
assert_one_error "is frozen" "(v2)"
echo 0 >"$V2$(own_path "")/$nasty/cgroup.freeze"
move "$TARGET" "$V2$(own_path "")/$nasty"
expect_status 125 unshare -m --propagation private sh -c "$partly" sh "$V2$(own_path "")/$NAME-threads" "$V2" \
	"$NSPEEK" -c "$TARGET" -- "$APP" exit 0
assert_one_error "is not below where its hierarchy (v2) is mounted"
# From a cgroup namespace that does not hold it: it can be joined only where it is mounted all the same.
# shellcheck disable=SC2016
from_aside='echo 0 >"$1/cgroup.procs" && shift && exec "$@"'
expect_status 0 sh -c "$from_aside" sh "$V2$(own_path "")/$NAME-threads" unshare -C \
	"$NSPEEK" -c "$TARGET" -- cat /proc/self/cgroup
assert_eq "$OUT" "$(cat "/proc/$TARGET/cgroup")" "cgroups, from a cgroup namespace beside"
# shellcheck disable=SC2016
expect_status 125 sh -c "$from_aside" sh "$V2$(own_path "")/$NAME-threads" unshare -C -m --propagation private \
	sh -c 'umount "$0" && mount -t cgroup2 none "$0" && exec "$@"' "$V2" "$NSPEEK" -c "$TARGET" -- "$APP" exit 0
assert_one_error "/../$NAME" "is outside of our cgroup namespace"
target_after "$TARGET"

# Who may not.
make_user
cp "$APP" "$WORK/app"
start unshare "${AS_USER[@]}" unshare -Ur --pid --mount-proc --fork --kill-child "$WORK/app" init
await_child "$STARTED"
TARGET=$CHILD
await_program "$TARGET" app
move "$TARGET" "$V2$(own_path "")/$nasty"
target_before "$TARGET"
expect_status 125 "${AS_USER[@]}" "$NSPEEK" -c "$TARGET" -- "$WORK/app" exit 0
assert_one_error "cgroup.procs" "Permission denied"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --as-target "$TARGET" -- "$WORK/app" exit 0
assert_contains "$ERR" "warning: not copied: a cgroup: open failed on cgroup.procs"
expect_status 0 "$NSPEEK" -c "$TARGET" -- "$WORK/app" exit 0
target_after "$TARGET"
expect_status 125 "$NSPEEK" -c --net="/proc/$TARGET/ns/net" -- true
assert_one_error "--join-cgroup needs a TARGET"

# A runtime's container, which has a cgroup namespace of its own.
start_crun /bin/app init
APP=/bin/app
target_before "$TARGET"
assert_ne "$(grep ^0: "/proc/$TARGET/cgroup")" "$(grep ^0: /proc/self/cgroup)" "the container's v2 cgroup"
joins "$NSPEEK" -c "$TARGET"
target_after "$TARGET"
dead_pid
expect_status 125 "$NSPEEK" -c "$DEAD_PID" -- true
assert_one_error "there is no process $DEAD_PID"
passed
