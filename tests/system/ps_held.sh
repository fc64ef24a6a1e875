#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ps of a container in which a process holds the lock of its memory for ever, so that whoever reads
# its command line waits: it is not waited for, and nothing else is lost. (pgrep(1) would wait.)
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq unshare
[ -c /dev/fuse ] || skip "/dev/fuse"
touch "$WORK/file"
# shellcheck disable=SC2016
start init unshare -m -p -f --kill-child --propagation private sh -c \
	'"$0" 30 "$1" & exec "$2" init' "$FIXTURES/withhold" "$WORK/file" "$FIXTURES/container"
both_ready() {
	[ "$(grep -c READY "$WORK/init.out")" = 2 ]
}
retry 10 both_ready || fail "$(cat "$WORK/init.err")"
INIT=$(cat "/proc/$STARTED/task/$STARTED/children")
INIT=${INIT% }
HELD=$(cat "/proc/$INIT/task/$INIT/children")
HELD=${HELD% }
await_state "$HELD" D
expect_status 0 timeout -k 1 20 "$NSPEEK" ps -o pid,state,command --noheadings "$INIT"
assert_eq "$ERR" "nspeek: warning: the command line of 1 process of $INIT could not be read" stderr
assert_matches "$OUT" "(^|"$'\n'") *$HELD  D +\\[withhold\\](\$|"$'\n'")"
assert_matches "$OUT" "(^|"$'\n'") *$INIT  S +[^ ]*container init(\$|"$'\n'")"
assert_eq "$(wc -l <<<"$OUT")" 3 lines
expect_status 0 timeout -k 1 20 "$NSPEEK" ps --json "$INIT"
assert_eq "$(jq -c --argjson pid "$HELD" '.containers[0].processes[] | select(.pid == $pid) | .cmdline' "$WORK/run.out")" \
	null "its command line"
assert_eq "$(jq -c '[.containers[0].processes[] | select(.cmdline != null)] | length' "$WORK/run.out")" 2 \
	"other command lines"
# Not before nspeek has gone: its reader would go with what holds it.
retry 4 no_nspeek_left || fail "nspeek is left: $(nspeek_processes)"
finish "$STARTED"
passed
