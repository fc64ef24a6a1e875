#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names from a debuginfod server, in a network of its own: only when it is asked for, by root and by an ordinary user;
# nothing is left of it; no server, no client, and one that never answers.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool debuginfod debuginfod-find objcopy strip ip nsenter nc
PORT=8002
URL=http://127.0.0.1:$PORT

mkdir "$WORK/served"
chmod 755 "$WORK/served"
objcopy --only-keep-debug "$FIXTURES/container" "$WORK/served/program.debug"
strip -s -o "$WORK/program" "$FIXTURES/container"
# shellcheck disable=SC2016
start server unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
	debuginfod -v -d :memory: -p "$PORT" -F "$WORK/served"
SERVER=$STARTED
is_served() {
	nsenter --net="/proc/$SERVER/ns/net" curl -s "$URL/metrics" | grep -q '^found_debuginfo_total.*[1-9]'
}
need_tool curl
retry 20 is_served || fail "no server: $(tail -n 5 "$WORK/server.err")"
asked() {
	cat "$WORK/server.out" "$WORK/server.err" | grep -c '/buildid/' || true
}

start program "$WORK/program" threads 1
await_line "$WORK/program.out" '^READY'
TARGET=$STARTED
await_state "$TARGET" S
target_before "$TARGET"
HERE=(nsenter --net="/proc/$SERVER/ns/net" env "DEBUGINFOD_URLS=$URL")

# Never without the option.
before=$(asked)
expect_status 0 "${HERE[@]}" "$NSPEEK" stack "$TARGET"
assert_lacks "$OUT" wait_for_work
assert_eq "$(asked)" "$before" "requests without --debuginfod"

# What a client could leave: its cache, the mount below it, itself.
left() {
	find /tmp /var/tmp /root/.cache -maxdepth 2 -name '*debuginfod_client*' -o -maxdepth 2 -name cache_clean_interval_s
	grep '^nspeek ' /proc/self/mounts || true
	pgrep -x debuginfod-find || true
}
expect_status 0 "${HERE[@]}" "$NSPEEK" stack --debuginfod "$TARGET"
assert_contains "$OUT" wait_for_work
assert_contains "$(cat "$WORK/server.out" "$WORK/server.err")" /buildid/
assert_eq "$(left 2>/dev/null)" "" "what is left"
expect_status 0 "${HERE[@]}" "$NSPEEK" stack --debuginfod --json "$TARGET"
assert_contains "$OUT" wait_for_work
target_after "$TARGET"

# Nobody to ask, and nobody who asks.
expect_status 64 env -u DEBUGINFOD_URLS "$NSPEEK" stack --debuginfod "$TARGET"
assert_one_error DEBUGINFOD_URLS
# shellcheck disable=SC2016
expect_status 2 "${HERE[@]}" unshare --mount sh -c \
	'mount --bind /dev/null "$1" && shift && exec "$@"' sh "$(command -v debuginfod-find)" \
	"$NSPEEK" stack --debuginfod "$TARGET"
assert_one_error "no program debuginfod-find"
# A server that is not there, or does not know: the stacks without those names.
expect_status 0 timeout 20 "${HERE[@]}" env DEBUGINFOD_URLS=http://127.0.0.1:1 "$NSPEEK" stack --debuginfod "$TARGET"
assert_lacks "$OUT" wait_for_work

# One that never answers: a signal ends all of it.
start silent nsenter --net="/proc/$SERVER/ns/net" nc -lk 127.0.0.1 8003
client() {
	pgrep -x -u nobody debuginfod-find
}
start waiting "${HERE[@]}" env DEBUGINFOD_URLS=http://127.0.0.1:8003 "$NSPEEK" stack --debuginfod "$TARGET"
retry 10 client || fail "nothing is asked"
assert_eq "$(awk '/^(NoNewPrivs|Seccomp):|^CapEff/ { print $2 }' "/proc/$(client)/status" | xargs)" \
	"0000000000000000 1 2" "the client's rights"
kill -KILL "$STARTED"
gone() {
	! client
}
retry 4 gone || fail "a client is left"
target_after "$TARGET"
finish "$TARGET"

# An ordinary user, with a process of their own.
make_user
need_user_namespaces
start own "${AS_USER[@]}" "$WORK/program" threads 1
await_line "$WORK/own.out" '^READY'
await_state "$STARTED" S
expect_status 0 nsenter --net="/proc/$SERVER/ns/net" "${AS_USER[@]}" env "DEBUGINFOD_URLS=$URL" \
	"$NSPEEK" stack --debuginfod "$STARTED"
assert_contains "$OUT" wait_for_work
passed
