#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Go's function table says the same as .debug_frame, of all functions of a program, also of a
# position-independent one; it is found without section headers; a damaged one is survived.
. "$(dirname "$0")/../support/lib.sh"

need_tool go
export GOCACHE="$WORK/cache" GOPATH="$WORK/path" GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0
cp -r "$TREE/tests/fixtures/chain_go" "$WORK/source"
for mode in exe pie; do
	(cd "$WORK/source" && go build -mod=mod -buildmode="$mode" -o "$WORK/$mode" .) ||
		fail "go does not build the fixture ($mode)"
	NSPEEK_GO_PROGRAM="$WORK/$mode" "$NSPEEK_FIXTURES/../unit/unit_gotables" || fail "the tables of $mode"
done
passed
