#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A container whose cgroup is frozen: it is entered all the same, its stacks are taken or refused
# soon, and when it is thawed it runs on.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/runtimes.sh"

lab_open
box_root box
start_box runc box app /bin/app threads 4
box_before "$TARGET"
"${LAB_RUN[@]}" runc --root "$WORK/runc" pause box || skip "a freezer for cgroups"

expect_status 4 "$NSPEEK" "$TARGET" -- app exit 4
assert_eq "$OUT$ERR" "" "output"
# What a freezer allows differs: the old one holds threads where nothing can stop them.
begin=$SECONDS
run "$NSPEEK" stack "$TARGET"
[[ $STATUS =~ ^[012]$ ]] || fail "status $STATUS of stack: $ERR"
[ "$STATUS" = 0 ] || [ -n "$OUT$ERR" ] || fail "nothing is said about a missing stack"
((SECONDS - begin < 10)) || fail "the stacks of a frozen box took $((SECONDS - begin)) seconds"

"${LAB_RUN[@]}" runc --root "$WORK/runc" resume box || fail "runc resume"
box_after "$TARGET"
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_contains "$OUT" wait_for_work
box_after "$TARGET"
stop_box box
passed
