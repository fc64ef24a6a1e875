#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What files threads of a container wait for: sockets with their addresses, pipes with who has the
# other end, what epoll watches, who holds a file's lock; the kernel's stacks.
. "$(dirname "$0")/../support/lib.sh"

need_tool jq strace
PROGRAM=$FIXTURES/waits-static
# shellcheck disable=SC2016
BUNDLE_FILTER='.root.readonly = false | .linux.namespaces |= map(select(.type != "user")) |
	.process.capabilities = {}'
start_runc /bin/app files /tmp
settled() {
	[ "$(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" = 14 ] &&
		! grep -q running /proc/"$TARGET"/task/*/syscall
}
retry 10 settled || fail "the threads do not wait"
target_before "$TARGET"
port=$(awk '/^PORT/ { print $2 }' "$WORK/runc.out")
other=$(pgrep -P "$TARGET" | head -n 1)
[ -n "$port" ] && [ -n "$other" ] || fail "no port, or no child: $(cat "$WORK/runc.out")"

expect_status 0 "$NSPEEK" stack --json "$TARGET"
cp "$WORK/run.out" "$WORK/json"
# of THREAD FILTER EXPECTED
of() {
	assert_eq "$(jq -c '.processes[0].threads[] | select(.name == "'"$1"'") | '"$2" "$WORK/json")" "$3" \
		"$2 of $1"
}
of accept '.fds | map([.kind, .protocol, .local, .remote, .state])' \
	'[["socket","tcp","127.0.0.1:'"$port"'",null,"LISTEN"]]'
of receive '.fds | map([.protocol, .remote, .state])' '[["tcp","127.0.0.1:'"$port"'","ESTABLISHED"]]'
of epoll '.fds | map(.kind)' '["epoll"]'
of epoll '.fds[0].watched | map([.remote // .local, .state, .events, .other_file]) | sort' \
	'[["127.0.0.1:'"$port"'","ESTABLISHED","IN|ERR|HUP",false],["127.0.0.1:'"$port"'","LISTEN","IN|ERR|HUP",false]]'
of epoll '.syscall.decoded | [(.[0] | test("^[0-9]+$")), .[2], .[3]]' '[true,"1","no timeout"]'
of pipe '.fds | map([.kind, .peers])' '[["pipe",[{"pid":'"$other"',"name":"other"}]]]'
of fifo '.fds | map([.kind, .path, .peers])' '[["fifo","/tmp/fifo",[{"pid":'"$other"',"name":"other"}]]]'
of unix '.fds | map([.protocol, .state, .peers])' '[["unix","CONNECTED",[{"pid":'"$other"',"name":"other"}]]]'
of poll '.fds | map([.kind, .events])' '[["socket","PRI"],["pipe","IN"]]'
of poll '.syscall.decoded[0] | test("^\\[[0-9]+ PRI, [0-9]+ IN\\]$")' true
of select '.fds | map([.protocol, .events])' '[["tcp","IN"]]'
of eventfd '.fds | map([.kind, .detail])' '[["eventfd","count 0"]]'
of timerfd '.fds | map([.kind, (.detail | test("^expires in 99999[0-9][.][0-9]+ s$"))])' '[["timerfd",true]]'
of flock '[.fds[0].path, .lock.holders]' '["/tmp/lock",[{"pid":'"$other"',"name":"other"}]]'
of sleep '[.fds, .lock, .waits_for]' '[[],null,null]'
of sleep '.syscall.decoded[2]' '"1000000.000 s"'
of child '.syscall.decoded[0]' '"any child"'
of app '.syscall.decoded' '[]'

# For people.
expect_status 0 "$NSPEEK" stack --no-unique "$TARGET"
for line in "[0-9]+: tcp 127.0.0.1:$port LISTEN" "[0-9]+: pipe:\[[0-9]+\], other end: $other \"other\"" \
	"[0-9]+: /tmp/fifo, other end: $other \"other\"" "[0-9]+: unix CONNECTED, other end: $other \"other\"" \
	"poll\(\[[0-9]+ PRI, [0-9]+ IN\], 2, 1000000 ms\)|ppoll\(.*" "flock\([0-9]+, LOCK_EX\)" \
	"the lock is held by $other \"other\"" "  [0-9]+: tcp 127.0.0.1:$port LISTEN, for IN\|ERR\|HUP"; do
	assert_matches "$OUT" $'\n'"     ($line)"$'\n'
done

# With others the same is found, by what the first has seen of all.
expect_status 0 "$NSPEEK" stack -A --json "$TARGET"
cp "$WORK/run.out" "$WORK/json"
of pipe '.fds | map([.kind, .peers])' '[["pipe",[{"pid":'"$other"',"name":"other"}]]]'
of fifo '.fds | map([.kind, .path, .peers])' '[["fifo","/tmp/fifo",[{"pid":'"$other"',"name":"other"}]]]'
of unix '.fds | map([.protocol, .state, .peers])' '[["unix","CONNECTED",[{"pid":'"$other"',"name":"other"}]]]'

# Stopped threads go back to their calls, which are the same, and some of them restarted.
for policy in never each all; do
	expect_status 0 "$NSPEEK" stack --pause="$policy" --json "$TARGET"
	cp "$WORK/run.out" "$WORK/json"
	of accept '.fds[0].state' '"LISTEN"'
	of pipe '.fds[0].peers[0].name' '"other"'
	of poll '.fds | map([.kind, .events])' '[["socket","PRI"],["pipe","IN"]]'
	# Where the library passes its own variable for what remains, a stop has changed it.
	of sleep '.syscall.decoded[2] | test("^(1000000[.]000|99999[0-9][.][0-9]{3}) s$")' true
done
expect_status 0 "$NSPEEK" stack --json "$TARGET"
cp "$WORK/run.out" "$WORK/json"
if [ "$(uname -m)" = x86_64 ]; then
	of poll '[.syscall.name, .syscall.restarts]' '["restart_syscall","poll"]'
	of poll '.fds | map([.kind, .events])' '[["socket","PRI"],["pipe","IN"]]'
fi

# The kernel's stacks, for whoever asks.
assert_eq "$(jq -c '[.processes[0].threads[] | .kernel, .cpu_ms] | unique' "$WORK/json")" '[null,[]]' \
	"kernel stacks that nobody asked for"
if [ -r "/proc/$TARGET/stack" ]; then
	expect_status 0 "$NSPEEK" stack -k --json "$TARGET"
	cp "$WORK/run.out" "$WORK/json"
	of flock '.kernel | map(test("^[A-Za-z0-9_.]+[+]0x[0-9a-f]+$")) | [length > 1, all]' '[true,true]'
	of flock '.kernel | any(test("flock"))' true
	assert_eq "$(jq -c '[.processes[0].threads[].cpu_ms | type] | unique' "$WORK/json")" '["number"]' cpu_ms
	expect_status 0 "$NSPEEK" stack --kernel --no-unique "$TARGET"
	assert_matches "$OUT" $'\n     \[kernel\] [a-z_]*flock[a-z_]*\+0x[0-9a-f]+\n'
	# Without the capability it is said, and the stacks are there.
	expect_status 0 setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$NSPEEK" stack -k "$TARGET"
	assert_contains "$OUT" "note: no kernel stacks: "
	assert_contains "$OUT" "LISTEN"
fi

# Kept, it is what it was.
expect_status 0 "$NSPEEK" stack --no-unique --no-inlines --save "$WORK/kept" "$TARGET"
saved=$OUT
expect_status 0 "$NSPEEK" stack --no-unique --load "$WORK/kept"
assert_eq "$(printf '%s\n' "$OUT" | grep -v '^loaded from ')" "$saved" "what is loaded"
target_after "$TARGET"

# Paths are those below the process's root.
make_root "$WORK/jail"
start jail chroot "$WORK/jail" /bin/app files /tmp
await_line "$WORK/jail.out" '^READY'
TARGET=$STARTED
retry 10 settled || fail "the threads do not wait"
expect_status 0 "$NSPEEK" stack --json "$TARGET"
cp "$WORK/run.out" "$WORK/json"
of fifo '.fds | map([.kind, .path, .peers[0].name])' '[["fifo","/tmp/fifo","other"]]'
of flock '[.fds[0].path, .lock.holders[0].name]' '["/tmp/lock","other"]'
finish "$TARGET"

# What would deceive: control characters in names, a name that forges rows of the table of sockets,
# more files than are shown.
mkdir "$WORK/hostile"
start hostile "$FIXTURES/waits-dynamic" hostile "$WORK/hostile"
await_line "$WORK/hostile.out" '^READY'
TARGET=$STARTED
hostile_settled() {
	[ "$(cat /proc/"$TARGET"/task/*/wchan | grep -cE 'pipe_read|epoll_wait|ep_poll|skb|unix')" -ge 1 ] &&
		! grep -q running /proc/"$TARGET"/task/*/syscall
}
retry 10 hostile_settled || fail "the threads do not wait"
expect_status 0 "$NSPEEK" stack --no-unique "$TARGET"
assert_lacks "$OUT" $'\033'
assert_lacks "$OUT" forged
assert_lacks "$OUT" again
assert_contains "$OUT" '\x1b[31mred\x0afifo'
assert_matches "$OUT" $'\n       and 284 more\n'
expect_status 0 "$NSPEEK" stack --json "$TARGET"
cp "$WORK/run.out" "$WORK/json"
of epoll '.fds[0] | [(.watched | length), .watched_more]' '[64,236]'
of accept '.fds[0] | [.protocol, .local, .state]' '["unix",null,null]'
finish "$TARGET"

# A lock that the process holds for ever, and that the kernel takes to tell what epoll watches: it is
# not waited for.
start held "$FIXTURES/waits-dynamic" held
if retry 3 contains_line "$WORK/held.out" READY; then
	TARGET=$STARTED
	RUN_SECONDS=10 expect_status 0 "$NSPEEK" stack --no-unique "$TARGET"
	assert_contains "$OUT" "epoll, what it watches was not looked at: its lock may be held"
	no_nspeek_left || fail "a process is left: $(nspeek_processes)"
	finish "$TARGET"
else
	say "not applicable: no userfaultfd: $(cat "$WORK/held.err")"
fi

# Ten processes that read and write one FIFO, by two fds each: eight are named, the others counted;
# /proc is gone through once a round for all of them.
mkfifo "$WORK/shared"
readers=()
for i in 0 1 2 3 4 5 6 7 8 9; do
	# shellcheck disable=SC2016
	start "reader$i" bash -c 'exec 3<>"$1" && exec cat <&3' bash "$WORK/shared"
	readers+=("$STARTED")
done
reading() {
	local pid
	for pid in "${readers[@]}"; do
		[ "$(cat "/proc/$pid/comm")" = cat ] && has_state "$pid" S &&
			! grep -q running "/proc/$pid/syscall" || return 1
	done
}
retry 10 reading || fail "the readers do not wait"
# A search has a time limit, which a busy machine may reach: then it says so, and is tried again.
shared() {
	expect_status 0 "$NSPEEK" stack --json "$@"
	[ "$(jq '.processes | length' "$WORK/run.out")" = $# ] &&
		[ "$(jq -c '[.processes[].threads[].fds[] | [.kind, (.peers | length), (.peers | unique | length),
			(.peers | all(.name == "cat")), .peers_more]] | unique' "$WORK/run.out")" = '[["fifo",8,8,true,2]]' ]
}
retry 10 shared "${readers[0]}" || fail "the peers of one: $(jq -c '.processes[].threads[].fds' "$WORK/run.out")"
retry 10 shared "${readers[@]}" || fail "the peers of ten: $(jq -c '.processes[].threads[].fds' "$WORK/run.out")"
# has_passes COUNT ARGUMENT...: process 1 is looked at first.
has_passes() {
	local count=$1
	shift
	expect_status 0 env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=?open,openat -o "$WORK/opens" \
		"$NSPEEK" stack --json "$@"
	[ "$(grep -c '"/proc/1/fd"' "$WORK/opens")" = "$count" ]
}
retry 20 has_passes 1 "${readers[0]}" || fail "not one pass for one"
retry 20 has_passes 1 "${readers[@]}" || fail "not one pass for ten"
retry 20 has_passes 2 --repeat 2 --interval 0.1 "${readers[@]}" || fail "not two passes in two rounds"
for pid in "${readers[@]}"; do
	finish "$pid"
done

# A thread that runs is on some processor.
start spin "$FIXTURES/container" spin
await_state "$STARTED" R
for ((i = 0; i < 20; i++)); do
	expect_status 0 "$NSPEEK" stack --json "$STARTED"
	cp "$WORK/run.out" "$WORK/json"
	[ "$(jq -c '.processes[0].threads[0].state' "$WORK/json")" != '"R"' ] || break
done
assert_eq "$(jq -c '.processes[0].threads[0] | [.state, (.cpu | type)]' "$WORK/json")" '["R","number"]' \
	"a thread that runs"
finish "$STARTED"
passed
