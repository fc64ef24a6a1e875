#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without /proc, or with that of another PID namespace, every command says so in one line, and what
# to do.
. "$(dirname "$0")/../support/lib.sh"

need_root
commands=("stack 1" "stack web" "1 -- true" "ns" "ns 1" "ns --json" "ps 1" "list" "list --json")
statuses=(2 2 125 2 2 2 2 2 2)

# Another namespace's: what is mounted is ours, seen from a child's.
for where in "umount -l /proc;" "exec unshare --pid --fork"; do
	for i in "${!commands[@]}"; do
		expect_status "${statuses[i]}" unshare --mount sh -c "$where \"\$0\" ${commands[i]}" "$NSPEEK"
		assert_one_error "/proc does not show the processes of our own PID namespace"
		assert_contains "$ERR" "hint: mount one there: mount -t proc proc /proc"
	done
done
passed
