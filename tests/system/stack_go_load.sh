#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A stripped Go program under load, its collector and scheduler at work: every frame stands behind a
# call, every chain ends where one can, or says why not.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool go
need_tool python3
export GOCACHE="$WORK/cache" GOPATH="$WORK/path" GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0
cp -r "$TREE/tests/fixtures/load_go" "$WORK/source"
(cd "$WORK/source" && go build -mod=mod -ldflags '-s -w' -o "$WORK/load" .) || fail "go does not build the fixture"
python3 "$SUPPORT/callsites.py" "$NSPEEK" "$WORK/load" 30 >"$WORK/said" 2>&1
STATUS=$?
head -n 40 "$WORK/said"
[ "$STATUS" = 0 ] || fail "stacks of a busy Go program are wrong"
passed
