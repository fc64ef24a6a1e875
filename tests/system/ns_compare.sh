#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `ns` of no, one and more targets: ids, what differs, tables, statuses, targets that are none.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/ns.sh"

need_root
need_tool jq
APP=$FIXTURES/container

# Our own.
expect_status 0 "$NSPEEK" ns
assert_eq "$ERR" "" stderr
for kind in "${NS_KINDS[@]}"; do
	assert_matches "$OUT" "(^|"$'\n'")$kind +$(inode_of self "$kind") "
done
assert_lacks "$OUT" "JOIN"
assert_contains "$OUT" "no_new_privs"

# A child in PID and mount namespaces of its own, and who started it.
start_unshare --pid --mount-proc --fork -- "$APP" init
target_before "$TARGET"
expect_status 0 "$NSPEEK" ns "$TARGET" $$
assert_matches "$OUT" "^$TARGET \(container\) beside $$ \([^)]*\)"$'\n'"differ +mnt, pid, pid_for_children"$'\n'"the same +cgroup, ipc, net, time, time_for_children, user, uts"$'\n'
expect_status 0 "$NSPEEK" ns --json "$TARGET" $$
expect_field .differs '["mnt","pid","pid_for_children"]'
expect_ids 0 "$TARGET"
expect_ids 1 $$
expect_field '[.targets[1].namespaces[] | .same] | unique' '[true]'
expect_field '[.targets[1].namespaces[] | .join] | unique' '["skip"]'
expect_field '.targets[0].namespaces.pid.parent' "$(inode_of self pid)"
expect_field '.targets[0].namespaces.net.owner_user_ns' "$(inode_of self user)"
# unshare(1) itself is not in the PID namespace that its children are in.
expect_status 0 "$NSPEEK" ns --json "$TARGET" "$STARTED"
expect_field .differs '["pid"]'
expect_field '.targets[1].namespaces | [.pid.join, .pid_for_children.join, .mnt.join]' '["skip","ok","ok"]'
agrees_with_enter env

# One against ours, as a table.
expect_status 0 "$NSPEEK" ns "$TARGET"
for kind in mnt pid pid_for_children; do
	assert_matches "$OUT" $'\n'"$kind +$(inode_of self "$kind") +$(inode_of "$TARGET" "$kind") +no [^"$'\n'"]* ok"$'\n'
done
assert_matches "$OUT" $'\n'"net +$(inode_of self net) +$(inode_of self net) +yes [^"$'\n'"]* skip"$'\n'
assert_eq "$(printf '%s\n' "$OUT" | head -n 12 | awk 'length > 80')" "" "lines of more than 80 columns"
expect_status 0 "$NSPEEK" ns -o type,id,same --noheadings "$TARGET"
assert_eq "$(printf '%s\n' "$OUT" | wc -l)" 10 "rows"
assert_matches "$OUT" "^cgroup +$(inode_of self cgroup) +yes"$'\n'
expect_status 0 "$NSPEEK" ns --noheadings "$TARGET" $$
assert_eq "$(printf '%s\n' "$OUT" | awk '{ print $1 }' | sort -n | uniq -c | awk '{ print $1 }' | tr '\n' ' ')" "10 10 " "rows of each"
expect_status 0 "$NSPEEK" ns -o help
assert_contains "$OUT" "REASON"
expect_status 0 "$NSPEEK" help ns
assert_contains "$OUT" "usage: nspeek ns [OPTION...] [TARGET...]"
assert_contains "$OUT" "--noheadings"
expect_status 64 "$NSPEEK" ns -o nonsense "$TARGET"
assert_one_error nonsense

# The process that has made a PID namespace for its children, and none yet: newer kernels open that,
# others do not, and then that is said.
start unborn unshare --pid "$APP" sleep
await_program "$STARTED" container
expect_status 0 "$NSPEEK" ns --json "$STARTED"
case $(fields '.targets[0].namespaces.pid_for_children | [.id != null, .same, .join, .reason]') in
'[true,false,"ok",null]') ;;
'[false,null,null,"'*'no child yet"]') ;;
*) fail "pid_for_children without a child: $OUT" ;;
esac
expect_field '.targets[0].namespaces.pid | [.same, .join]' '[true,"skip"]'

# By a thread's id: what the thread is in.
start threads "$APP" threads 2
await_line "$WORK/threads.out" '^READY'
THREAD=$(find "/proc/$STARTED/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vx "$STARTED" | head -n 1)
expect_status 0 "$NSPEEK" ns --json "$THREAD"
expect_field '.targets[0] | [.pid, .tid]' "[$STARTED,$THREAD]"
expect_status 0 "$NSPEEK" ns "$THREAD"
assert_matches "$OUT" "^thread $THREAD of process $STARTED "
# And where the main thread has exited: one that lives.
start leader unshare --uts "$APP" zombie-leader
await_line "$WORK/leader.out" '^READY'
await_state "$STARTED" Z
expect_status 0 "$NSPEEK" ns --json "$STARTED"
expect_field '.targets[0].namespaces.uts | [.same, .join]' '[false,"ok"]'

# What is no target, alone and beside one.
dead_pid
expect_status 2 "$NSPEEK" ns "$DEAD_PID"
assert_one_error "no process $DEAD_PID"
expect_status 2 "$NSPEEK" ns 12abc
assert_one_error "no container is called 12abc"
expect_status 64 "$NSPEEK" ns 12:abc
assert_one_error "12:abc is neither a PID nor PID:INODE"
expect_status 1 "$NSPEEK" ns "$DEAD_PID" "$TARGET"
assert_contains "$ERR" "no process $DEAD_PID"
assert_contains "$OUT" "process $TARGET (container)"
expect_status 1 "$NSPEEK" ns --json "$TARGET" "$DEAD_PID"
expect_field '[.targets[].pid]' "[$TARGET]"
expect_field .differs null
expect_status 64 "$NSPEEK" ns "$TARGET" 0
assert_matches "$ERR" "^nspeek: 0 cannot be the id of a process\$"
assert_contains "$OUT" "process $TARGET (container)"
# A document there is always.
expect_status 2 "$NSPEEK" ns --json "$DEAD_PID"
assert_matches "$ERR" "^nspeek: there is no process $DEAD_PID\$"
expect_field '[.schema, .targets, .differs]' '["nspeek.ns/1",[],null]'
# More targets than files may be open.
expect_status 0 sh -c 'ulimit -n 40; exec "$0" ns --noheadings "$@"' "$NSPEEK" $(yes "$TARGET" | head -n 60)
assert_eq "$(printf '%s\n' "$OUT" | wc -l)" 600 "rows"
# A target that ends while it is looked at: it is there, or it is said to be gone, and nothing else.
for ((i = 0; i < 40; i++)); do
	sleep 0.0$((i % 10)) &
	run "$NSPEEK" ns "$!"
	wait "$!"
	case $STATUS in
	0) assert_eq "$ERR" "" stderr ;;
	2) assert_matches "$ERR" "(no process|exited|zombie)" ;;
	*) fail "status $STATUS: $ERR" ;;
	esac
done
target_after "$TARGET"
passed
