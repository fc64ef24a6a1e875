#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Taking stacks where system calls or rights are missing: the same result by another way, or a word.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq
DENY=$FIXTURES/deny
need_that "seccomp filters" "$DENY" uselib=ENOSYS -- true
start target "$FIXTURES/container" threads 3
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
retry 10 has_state "$TARGET" S || fail "the target does not sleep"

frames() {
	jq -c '[.processes[0].threads[] | {tid, status, frames: [.frames[] | {pc, symbol, file: .module}]}]' \
		"$WORK/run.out"
}

target_before "$TARGET"
expect_status 0 "$NSPEEK" stack --json "$TARGET"
WANTED=$(frames)
assert_contains "$WANTED" wait_for_work
for denied in openat2=ENOSYS close_range=ENOSYS statx=ENOSYS; do
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" stack --json "$TARGET"
	assert_eq "$(frames)" "$WANTED" "stacks without $denied"
done
# Where the stacks cannot be copied by process_vm_readv: the same by another way, or that is said.
for denied in process_vm_readv=ENOSYS process_vm_readv=EPERM; do
	run "$DENY" "$denied" -- "$NSPEEK" stack --json "$TARGET"
	if [ "$STATUS" = 0 ]; then
		assert_eq "$(frames)" "$WANTED" "stacks without $denied"
	else
		assert_contains "$OUT$ERR" process_vm_readv
	fi
done
# What holds the worker: a filter by either call, else namespaces, else that is said.
while read -r denied sandbox; do
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" stack --json "$TARGET"
	assert_eq "$(frames)" "$WANTED" "stacks without $denied"
	assert_eq "$(jq -r .processes[0].sandbox "$WORK/run.out")" "$sandbox" "without $denied"
done <<-END
	seccomp=EPERM filter
	unshare=EPERM,chroot=EPERM filter
	seccomp=ENOSYS,prctl=EPERM namespaces
	seccomp=ENOSYS,prctl=EPERM,unshare=EPERM none
END
expect_status 0 "$DENY" seccomp=ENOSYS,prctl=EPERM -- "$NSPEEK" stack "$TARGET"
assert_contains "$OUT" "note: system calls of the unwinding process could not be filtered"
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_lacks "$OUT" "could not be filtered"
# Without the task iterator, out of /proc; and that is said.
for denied in bpf=EPERM bpf=ENOSYS; do
	for policy in auto never; do
		expect_status 0 "$DENY" "$denied" -- "$NSPEEK" stack --pause="$policy" --json "$TARGET"
		assert_eq "$(frames)" "$WANTED" "stacks without $denied"
		assert_eq "$(jq -c '[.processes[0].threads[] | .method, .source] | unique' \
			"$WORK/run.out")" '["no-stop","proc"]' "method without $denied"
		[ "$policy" = auto ] || assert_matches \
			"$(jq -r .processes[0].capture.task_iterator "$WORK/run.out")" '^(the kernel|this build) has no task iterator$|^the task iterator is not permitted$'
	done
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" stack --pause=never "$TARGET"
	assert_matches "$OUT" '\(/proc; t[a-z ]+ task iterator'
done
expect_status 0 "$DENY" bpf=EPERM,ptrace=EPERM -- "$NSPEEK" stack --json "$TARGET"
assert_eq "$(frames)" "$WANTED" "stacks with neither"

# Where nothing can be stopped, blocked threads are read all the same, whatever the policy.
for policy in auto never each all; do
	for denied in ptrace=EPERM ptrace=EPERM,process_vm_readv=ENOSYS; do
		expect_status 0 "$DENY" "$denied" -- "$NSPEEK" stack --pause="$policy" --json "$TARGET"
		assert_eq "$(frames)" "$WANTED" "stacks without $denied"
		assert_eq "$(jq -c '[.processes[0].threads[].method] | unique' "$WORK/run.out")" \
			'["no-stop"]' "method without $denied"
	done
done
# One that runs cannot be had then, unless it is seen while it waits for a CPU, by the task iterator.
start spin "$FIXTURES/container" spin
await_state "$STARTED" R
expect_status 2 "$DENY" ptrace=EPERM,bpf=EPERM -- "$NSPEEK" stack --json "$STARTED"
assert_matches "$ERR" '^nspeek: '
finish "$STARTED"
# The shipped program becomes another for this: filters that refuse to execute or to make files, and limits
# for files, are no obstacle to it.
for denied in execveat=EPERM memfd_create=EPERM; do
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" stack "$TARGET"
done
expect_status 0 bash -c 'ulimit -S -f 64; exec "$@"' bash "$NSPEEK" stack "$TARGET"
expect_status 0 bash -c 'ulimit -f 64; exec "$@"' bash "$NSPEEK" stack "$TARGET"
# With many threads, in large pages where they are to be had.
start many "$FIXTURES/container" threads 100
await_line "$WORK/many.out" '^READY'
retry 10 has_state "$STARTED" S || fail "the target with many threads does not sleep"
target_before "$STARTED"
expect_status 0 "$NSPEEK" stack --json "$STARTED"
MANY=$(frames)
assert_eq "$(jq '[.[] | select(.status == "complete")] | length' <<<"$MANY")" 101 "stacks of many threads"
for denied in fsopen=EPERM fsopen=ENOSYS fsconfig=EINVAL fsmount=EPERM ftruncate=EPERM madvise=EINVAL ioctl=EINVAL; do
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" stack --json "$STARTED"
	assert_eq "$(frames)" "$MANY" "stacks of many threads without $denied"
done
expect_status 0 bash -c 'ulimit -f 64; exec "$@"' bash "$NSPEEK" stack "$STARTED"
target_after "$STARTED"
finish "$STARTED"
expect_status 2 "$DENY" pidfd_open=ENOSYS -- "$NSPEEK" stack "$TARGET"
assert_one_error pidfd_open
target_after "$TARGET"

# An ordinary user: its own process, by the path inside the target's root and the build id; and not
# somebody else's.
make_user
cp "$FIXTURES/container" "$WORK/app"
start own "${AS_USER[@]}" "$WORK/app" threads 3
await_line "$WORK/own.out" '^READY'
target_before "$STARTED"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" stack --json "$STARTED"
assert_contains "$(frames)" wait_for_work
expect_status 2 "${AS_USER[@]}" "$NSPEEK" stack "$TARGET"
assert_matches "$ERR" '^nspeek: .*'
# With what the file of nspeek is given, it may.
need_tool setcap
cp "$NSPEEK" "$WORK/capable"
setcap cap_sys_ptrace,cap_dac_read_search,cap_sys_admin+ep "$WORK/capable"
expect_status 0 "${AS_USER[@]}" env TERM=x "$WORK/capable" stack "$TARGET"
assert_contains "$OUT" "names from the files in use"
# A soft limit of files is raised before anything is opened, and before the worker is started.
expect_status 0 prlimit --nofile=6: "$NSPEEK" stack --pause=never "$STARTED"
target_after "$STARTED"
passed
