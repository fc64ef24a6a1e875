#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tools view on kernels that lack a system call, as far as nspeek can see: procfs that is mounted
# from within the PID namespace gives the same; without the mount API it is said what is missing.
. "$(dirname "$0")/../support/lib.sh"

need_tool gdb ps
DENY=$FIXTURES/deny
start_demo
need_that "seccomp filters" "$DENY" uselib=ENOSYS -- true
target_before "$TARGET"

for denied in fsconfig-fd=EINVAL fsconfig-fd=EINVAL,setns-many=EINVAL,close_range=ENOSYS,clone3=ENOSYS \
	openat2=ENOSYS close_range=ENOSYS; do
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" --tools=host "$TARGET" -- ps -eo pid=,comm=
	assert_matches "$(printf '%s\n' "$OUT" | head -n 1)" "^ *1 app$"
	assert_eq "$(printf '%s\n' "$OUT" | wc -l)" 3 "the number of processes without $denied"
	assert_eq "$ERR" "" "stderr without $denied"
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" --tools=host "$TARGET" -- gdb -nx -batch -p 1 -ex bt
	assert_contains "$OUT" accept_connections
	expect_status 0 "$DENY" "$denied" -- "$NSPEEK" --tools=host "$TARGET" -- sh -c 'echo /proc/self/fd/*'
	assert_eq "$(printf '%s\n' "$OUT" | wc -w)" 4 "fds of a shell and its glob, without $denied"
done
expect_status 0 "$DENY" fsconfig-fd=EINVAL -- "$NSPEEK" -v --tools=host "$TARGET" -- true
assert_contains "$ERR" "procfs is mounted from within the PID namespace"
expect_status 0 "$NSPEEK" -v --tools=host "$TARGET" -- true

for call in open_tree mount_setattr fsopen fsmount move_mount; do
	expect_status 125 "$DENY" "$call=ENOSYS" -- "$NSPEEK" --tools=host "$TARGET" -- true
	assert_one_error "Function not implemented"
	assert_contains "$ERR" "hint: the tools view needs Linux 5.12"
	# What the container has needs none of it. What it lacks was not found.
	expect_status 0 "$DENY" "$call=ENOSYS" -- "$NSPEEK" "$TARGET" -- app exit 0
	expect_status 127 "$DENY" "$call=ENOSYS" -- "$NSPEEK" "$TARGET" -- bash
	assert_one_error "bash is not in the container, and the host's cannot be used"
done
for call in open_tree fsopen move_mount unshare pivot_root; do
	expect_status 125 "$DENY" "$call=EPERM" -- "$NSPEEK" --tools=host "$TARGET" -- true
	assert_one_error "Operation not permitted"
	assert_contains "$ERR" "hint: nspeek runs under a seccomp filter"
done
# Without openat2 the container cannot be searched from outside: it is left to itself.
expect_status 127 "$DENY" openat2=ENOSYS -- "$NSPEEK" "$TARGET" -- bash
assert_one_error "not found in the container"
target_after "$TARGET"
passed
