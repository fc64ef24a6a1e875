#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `stack_kill_calls.sh POLICY`: SIGKILL of nspeek, or of its helper, at each kind of system call that
# they make, the first, the second, one in the middle and the last of its kind: none of the target's
# threads is left stopped or traced, no helper and no worker is left. By two policies there are so
# many that a thread of the helper copies too, and, where none is stopped, a child loads the iterator.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool strace
POLICY=$1
THREADS=3
case $POLICY in never | all) THREADS=299 ;; esac
start target "$FIXTURES/pause_meter" "$THREADS" 5
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
target_before "$TARGET"
need_that "strace" strace -o /dev/null true

nothing_held() {
	[ -z "$(threads_held "$TARGET")" ]
}

# "CALL COUNT", where COUNT is the most that one process of nspeek makes: strace counts for each.
strace -f -qq -o "$WORK/calls" "$NSPEEK" stack --pause="$POLICY" --json "$TARGET" >"$WORK/stack"
awk '{ sub(/\(.*/, "", $2) } $2 ~ /^[a-z_0-9]+$/ { n[$2 " " $1]++ }
	END { for (key in n) { split(key, k, " "); if (n[key] > most[k[1]]) most[k[1]] = n[key] }
		for (name in most) print name, most[name] }' "$WORK/calls" | sort >"$WORK/counts"
grep -q '^process_vm_readv ' "$WORK/counts" || fail "no calls seen: $(head -n 5 "$WORK/calls")"

kills=0 dead=0
while read -r name count; do
	for when in $(printf '%s\n' 1 2 $(((count + 1) / 2)) "$count" | sort -nu); do
		((when <= count)) || continue
		# Braces, for bash's own word that it was killed.
		{
			strace -f -qq -o /dev/null -e "inject=$name:signal=KILL:when=$when" "$NSPEEK" \
				stack --pause="$POLICY" --json "$TARGET" >"$WORK/stack"
			status=$?
		} 2>"$WORK/err"
		kills=$((kills + 1))
		[ "$status" != 137 ] || dead=$((dead + 1))
		nothing_held || retry 3 nothing_held ||
			fail "killed at $name number $when: $(threads_held "$TARGET")"
	done
done <"$WORK/counts"
say "$kills runs, $dead of which killed nspeek itself"
((dead > 20)) || fail "only $dead runs were killed"
target_after "$TARGET"
passed
