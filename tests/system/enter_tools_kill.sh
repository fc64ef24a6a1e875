#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGKILL of nspeek at many moments while it builds the tools view or inject mode's root, and while a
# program of the host runs there: nothing is left in the container or on the host.
. "$(dirname "$0")/../support/lib.sh"

start_demo
target_before "$TARGET"
DENY=$FIXTURES/deny
need_that "seccomp filters" "$DENY" uselib=ENOSYS -- true

# kill_at_moments MODE WORDS...: nspeek, started by the words, in MODE.
kill_at_moments() {
	local mode=$1 begin length victim i moments=50
	shift
	begin=${EPOCHREALTIME/./}
	for _ in 1 2 3 4 5; do
		"$@" "--tools=$mode" "$TARGET" -- true || fail "a plain run: $mode"
	done
	length=$(((${EPOCHREALTIME/./} - begin) / 5))
	for ((i = 0; i < moments; i++)); do
		"$@" "--tools=$mode" "$TARGET" -- sleep 1000 &
		victim=$!
		sleep "$(awk -v us=$((length * 3 * i / moments / 2)) 'BEGIN { printf "%.6f", us / 1e6 }')"
		kill -KILL "$victim"
		wait "$victim" 2>/dev/null
	done
	target_after "$TARGET"
}

kill_at_moments host "$NSPEEK"
kill_at_moments host "$DENY" fsconfig-fd=EINVAL -- "$NSPEEK"
kill_at_moments inject "$NSPEEK"

# On a host whose mounts are shared, as systemd makes them: while a tool runs, nothing of its view is
# seen outside, and nothing of the host but what is shown is in it.
cat >"$WORK/shared-host" <<'END'
mount --make-rshared / && mkdir -p "$3/disk" && mount -t tmpfs nspeek-disk "$3/disk" || exit 1
before=$(cat /proc/self/mountinfo)
for mode in host inject; do
	"$1" "--tools=$mode" "$2" -- sh -c 'cat /proc/self/mountinfo; exec sleep 1000' >"$3/view.$mode" &
	tool=$!
	until grep -q /usr "$3/view.$mode"; do sleep 0.05; done
	[ "$before" = "$(cat /proc/self/mountinfo)" ] || echo "the host's mounts changed: $mode"
	grep -E 'nspeek-disk|shared:|master:' "$3/view.$mode"
	kill -KILL "$tool"
	wait "$tool" 2>/dev/null
done
umount "$3/disk"
echo done
END
expect_status 0 unshare --mount --propagation unchanged bash "$WORK/shared-host" "$NSPEEK" "$TARGET" "$WORK"
assert_eq "$OUT" "done" "what was seen on a host with shared mounts"
target_after "$TARGET"

# The end of the container ends the tool.
start command "$NSPEEK" --tools=host "$TARGET" -- sleep 1000
await_command "$STARTED" sleep
kill -KILL "$TARGET"
wait "$STARTED"
assert_eq $? 137 "status when the container dies"
passed
