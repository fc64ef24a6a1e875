#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Choosing namespaces: only the chosen ones are joined, an equal one is never joined again.
. "$(dirname "$0")/../support/lib.sh"

need_root
APP=$FIXTURES/container
start_unshare --mount --uts --ipc --net --pid --cgroup --time --mount-proc --fork -- "$APP" init
target_before "$TARGET"

# joins "TYPE..." COMMAND-LINE...: these types are the target's, and all others are ours.
joins() {
	local types=$1 type others=()
	shift
	expect_status 0 "$NSPEEK" "$@"
	for type in cgroup ipc mnt net pid time user uts; do
		[[ " $types " == *" $type "* ]] || others+=("$type")
	done
	# shellcheck disable=SC2086
	expect_same_view "$TARGET" $types
	expect_our_view "${others[@]}"
}

joins "uts" -u "$TARGET" -- "$APP" ns
joins "uts" --uts "$TARGET" -- "$APP" ns
joins "ipc" --ipc "$TARGET" -- "$APP" ns
joins "net" -n "$TARGET" -- "$APP" ns
joins "cgroup" -C "$TARGET" -- "$APP" ns
joins "time" -T "$TARGET" -- "$APP" ns
joins "mnt pid" --mount --pid "$TARGET" -- "$APP" ns
joins "uts net ipc" -u -n -i "$TARGET" -- "$APP" ns
joins "cgroup ipc mnt net pid time uts" --all "$TARGET" -- "$APP" ns
joins "cgroup ipc mnt net pid uts" --except=time "$TARGET" -- "$APP" ns
joins "cgroup ipc pid time" --except=net,uts,mnt "$TARGET" -- "$APP" ns
joins "cgroup ipc mnt net pid time uts" --except=user "$TARGET" -- "$APP" ns

# From files: each by itself, and together with a TARGET for the others.
joins "uts" --uts="/proc/$TARGET/ns/uts" -- "$APP" ns
joins "uts net" --uts="/proc/$TARGET/ns/uts" --net="/proc/$TARGET/ns/net" -- "$APP" ns
joins "uts ipc" --uts="/proc/$TARGET/ns/uts" --ipc "$TARGET" -- "$APP" ns
# A file wins over the target's own.
joins "ipc" --uts=/proc/self/ns/uts --ipc "$TARGET" -- "$APP" ns

# The user namespace is ours already: asked for by name it is not joined again (that would fail),
# and no error.
joins "uts" --user --uts "$TARGET" -- "$APP" ns

# A process that shares every namespace with us: nothing to join, the command still runs.
start plain "$APP" init
await_line "$WORK/plain.out" '^READY'
PLAIN=$STARTED
target_before "$PLAIN"
expect_status 0 "$NSPEEK" "$PLAIN" -- "$APP" ns
expect_our_view
target_after "$PLAIN"

expect_status 125 "$NSPEEK" --except=nonsense "$TARGET" -- "$APP" ns
assert_one_error nonsense
expect_status 125 "$NSPEEK" --except= "$TARGET" -- "$APP" ns
assert_one_error
target_after "$TARGET"
passed
