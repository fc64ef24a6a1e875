#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `stack_oracle.sh COMPILER`: programs that know their own call chain, built by COMPILER with and
# without unwind tables and frame pointers, linked in every form, what was stripped of them in a
# .gnu_debugdata or a separate file, with a thread for every situation: no frame or name may be
# wrong, and the chain must be whole.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool python3 objcopy readelf xz "$1"
mkdir "$WORK/oracle"
PYTHONDONTWRITEBYTECODE=1 python3 "$SUPPORT/oracle.py" "$1" "$NSPEEK" "$FIXTURES/deny" "$TREE/tests/fixtures" "$WORK/oracle" \
	>"$WORK/table" 2>&1
STATUS=$?
head -n 70 "$WORK/table"
[ "$STATUS" = 0 ] || fail "stacks of $1 programs are wrong or incomplete"
passed
