#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# File descriptors: none that we inherited, and none of our own, gets into the command; the standard
# ones are passed as they are.
. "$(dirname "$0")/../support/lib.sh"

start_demo

# The command's fds are 0 to 2, whatever is open here.
exec 7</etc 8<>"$WORK/file" 250</proc
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- app fds
assert_eq "$(printf '%s\n' "$OUT" | awk '{ printf "%s ", $1 }')" "0 1 2 " "fds of the command"
exec 7<&- 8>&- 250<&-

# Through pipes and files, nothing lost and nothing added.
head -c 3000000 /dev/urandom >"$WORK/random"
"$NSPEEK" "$TARGET" -- app copy <"$WORK/random" | cat >"$WORK/copied" || fail "copying"
cmp "$WORK/random" "$WORK/copied" || fail "the bytes through a pipe differ"
# shellcheck disable=SC2002
cat "$WORK/random" | "$NSPEEK" "$TARGET" -- app copy >"$WORK/copied" || fail "copying"
cmp "$WORK/random" "$WORK/copied" || fail "the bytes into a file differ"

# stderr of the command is its own.
run "$NSPEEK" "$TARGET" -- app no-such-verb
assert_eq "$STATUS" 127
assert_contains "$ERR" "container: no-such-verb"

# A reader that goes away ends the command by SIGPIPE, as it would outside.
set +o pipefail
{
	"$NSPEEK" "$TARGET" -- app copy </dev/zero
	echo $? >"$WORK/status"
} | head -c 10 >/dev/null
set -o pipefail
assert_eq "$(cat "$WORK/status")" 141 "status with a closed pipe"

# Closed standard fds: none of ours takes their place.
for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
	eval "\"\$NSPEEK\" \"\$TARGET\" -- app exit 9 $closed" 2>/dev/null
	assert_eq $? 9 "status with $closed"
done
"$NSPEEK" "$TARGET" -- app fds <&- >"$WORK/fds" 2>&1 || fail "fds without stdin"
assert_eq "$(awk '{ printf "%s ", $1 }' "$WORK/fds")" "0 1 2 " "fds without stdin"
assert_matches "$(head -n 1 "$WORK/fds")" 'null'
"$NSPEEK" "$TARGET" -- app fds >"$WORK/fds" 2>&- <&- || fail "fds with only stdout"
assert_eq "$(awk '{ printf "%s ", $1 }' "$WORK/fds")" "0 1 2 " "fds with only stdout"

target_after "$TARGET"
passed
