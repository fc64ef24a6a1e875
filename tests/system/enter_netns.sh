#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A network namespace by name: a server inside is reached from inside, and refused from the host.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool ip nc
NAME=nspeek-t$$
need_that "network namespaces" ip netns add "$NAME"
defer ip netns delete "$NAME"
ip -n "$NAME" link set lo up || fail "loopback"
PORT=$((20000 + $$ % 20000))

start server ip netns exec "$NAME" sh -c "echo from inside | nc -q 1 -l 127.0.0.1 $PORT"
listening() {
	ip netns exec "$NAME" ss -Hltn "sport = :$PORT" | grep -q LISTEN
}
retry 10 listening || fail "no server: $(cat "$WORK/server.err")"
if ss -Hltn "sport = :$PORT" | grep -q LISTEN; then
	fail "somebody on the host listens on $PORT too"
fi

expect_status 1 nc -z -w 2 127.0.0.1 "$PORT"

# By name, with no TARGET; the file system stays ours.
expect_status 0 "$NSPEEK" --net="$NAME" -- ip -o link
assert_contains "$OUT" "lo:"
assert_eq "$(printf '%s\n' "$OUT" | wc -l)" 1 "devices inside"
# By file.
expect_status 0 "$NSPEEK" --net="/run/netns/$NAME" -- stat -Lc %i /proc/self/ns/net
assert_eq "$OUT" "$(stat -Lc %i "/run/netns/$NAME")"
# By process.
SERVER=$(ip netns pids "$NAME" | head -n 1)
expect_status 0 "$NSPEEK" --net "$SERVER" -- "$FIXTURES/container" ns
assert_contains "$OUT" "net $(stat -Lc %i "/run/netns/$NAME")"
expect_our_view cgroup ipc mnt pid time user uts

expect_status 0 "$NSPEEK" --net="$NAME" -- nc -w 5 127.0.0.1 "$PORT"
assert_eq "$OUT" "from inside"

expect_status 125 "$NSPEEK" --net=nspeek-no-such-name -- true
assert_one_error nspeek-no-such-name
expect_status 125 "$NSPEEK" --net=/etc/passwd -- true
assert_one_error /etc/passwd
expect_status 125 "$NSPEEK" --uts="/run/netns/$NAME" -- true
assert_one_error
expect_status 125 "$NSPEEK" --net= -- true
assert_one_error
# Two types, only one from a file: a TARGET is needed.
expect_status 125 "$NSPEEK" --net="$NAME" --uts -- true
assert_one_error
passed
