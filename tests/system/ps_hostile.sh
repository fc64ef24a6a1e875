#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ps of processes that want to deceive whoever looks: names and words that a terminal would obey,
# passwd files that are none, zombies, processes that come and go; a file system that never
# answers; a kernel that lacks calls; a thousand processes.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq unshare pgrep busybox strace

make_root "$WORK/root"
add_busybox "$WORK/root"
cat >"$WORK/root/bin/start" <<'END'
printf 'e\033[2J\nx' >/proc/self/comm
exec 9<>/tmp/fifo
/bin/app zombie &
/bin/app zombie-leader &
echo READY
while :; do read line <&9; done
END
mkfifo "$WORK/root/tmp/fifo"
: >"$WORK/root/dev/null" # which the shell wants
# shellcheck disable=SC2016
start init unshare -m -p -f --kill-child -R "$WORK/root" /bin/busybox sh -c \
	'/bin/busybox mount -t proc proc /proc && . /bin/start' "$(printf 'a\033]0;title\a')" "$(printf 'two\nlines\\')" "$(printf '\xff\xfe')" ""
await_line "$WORK/init.out" '^READY'
await_child "$STARTED"
INIT=$CHILD
all_there() {
	[ "$(grep -sl '^State:.Z' /proc/[0-9]*/status | xargs -r grep -sl "^NSpid:.*[[:space:]][2-9]\$" | wc -l)" -ge 1 ] &&
		[ "$(processes_beside "$INIT" | wc -l)" = 4 ]
}
retry 10 all_there || fail "four processes never were: $(processes_beside "$INIT")"
LEADER=$(pgrep -P "$INIT" | while read -r pid; do
	tr '\0' ' ' <"/proc/$pid/task/$(basename "$(echo /proc/"$pid"/task/* | awk '{ print $NF }')")/cmdline" | grep -q zombie-leader && echo "$pid"
done)
await_state "$LEADER" Z
target_before "$INIT"

expect_status 0 "$NSPEEK" ps "$INIT"
assert_eq "$ERR" "" stderr
assert_lacks "$OUT" $'\033'
assert_eq "$(wc -l <<<"$OUT")" 5 lines
assert_contains "$OUT" '. /bin/start a\x1b]0;title\x07 two\x0alines\x5c \xff\xfe'
assert_matches "$OUT" "  Z +[0-9]+ +0 +[0-9:]+  \\[app\\] <defunct>"
assert_matches "$OUT" $'\n'" *$LEADER .*  S +2 +[1-9][0-9]* +[0-9:]+  /bin/app zombie-leader"
expect_status 0 "$NSPEEK" ps --json "$INIT"
assert_eq "$(jq -c --argjson pid "$INIT" '.containers[0].processes[] | select(.pid == $pid) | [.comm, .cmdline[4:]]' "$WORK/run.out")" \
	'["e\\x1b[2J\\x0ax",["a\\x1b]0;title\\x07","two\\x0alines\\x5c","\\xff\\xfe"]]' "hostile words"
assert_eq "$(jq -c '[.containers[0].processes[] | select(.cmdline == []) | [.state, .rss, .comm]]' "$WORK/run.out")" \
	'[["Z",0,"app"]]' "the zombie"

# expect_users NAME WARNING: the name of uid 0.
expect_users() {
	expect_status 0 timeout -k 1 20 "$NSPEEK" ps -o user --noheadings "$INIT"
	assert_eq "$(sort -u <<<"$OUT")" "$1" "users"
	if [ -z "$2" ]; then
		assert_eq "$ERR" "" stderr
	else
		assert_matches "$ERR" "^nspeek: warning: the container's /etc/passwd cannot be read: $2\$"
	fi
	rm -rf "$WORK/root/etc/passwd"
}
passwd=$WORK/root/etc/passwd
printf 'ev\033[2Jil:x:0:0:::\n' >"$passwd"
expect_users 'ev\x1b[2Jil' ""
ln -s /etc/shadow "$passwd"
expect_users - ""
ln -s ../../../../../../etc/passwd.host "$passwd" # none inside
expect_users - ""
ln -s /proc/1/root/etc/passwd "$passwd"
expect_users - ".*"
ln -s "/proc/$$/root/etc/passwd" "$passwd"
expect_users - ""
mkfifo "$passwd"
expect_users - "it is no regular file"
mknod "$passwd" c 5 0
expect_users - "it is no regular file"
ln -s /proc/1/environ "$passwd"
expect_users - "it is no regular file"
ln -s passwd "$passwd"
expect_users - ".*[Ss]ymbolic link.*"
head -c 1100000 /dev/zero >"$passwd"
expect_users - "it is longer than 1 MiB"
printf ':x:0:0:::\nx:y\n\0\n+:::0:::\nwho:x:4294967295:0:::\n%s' "$(head -c 5000 /dev/zero | tr '\0' :)" >"$passwd"
expect_users - ""

# A kernel without openat2(2): no name is guessed.
echo 'root:x:0:0:::' >"$passwd"
expect_status 0 "$FIXTURES/deny" openat2=ENOSYS -- "$NSPEEK" ps -o user --noheadings "$INIT"
assert_eq "$(sort -u <<<"$OUT")" "-" "users on an old kernel"
assert_contains "$ERR" "cannot be read: Function not implemented"
expect_users root ""
target_after "$INIT"

# A file system that never answers, in place of the file.
if [ -c /dev/fuse ]; then
	make_root "$WORK/mute"
	touch "$WORK/mute/etc/passwd"
	# shellcheck disable=SC2016
	start mute unshare -m -p -f --kill-child --propagation private sh -c \
		'exec "$0" mute "$1/etc" straddle "$1" init' "$FIXTURES/container" "$WORK/mute"
	await_line "$WORK/mute.out" '^READY'
	await_child "$STARTED"
	expect_status 0 timeout -k 1 20 "$NSPEEK" ps -o user --noheadings "$CHILD"
	assert_eq "$(sort -u <<<"$OUT")" "-" users
	assert_matches "$ERR" "^nspeek: warning: the container's /etc/passwd cannot be read: its file system does not answer\$"
	finish "$STARTED"

else
	say "not applicable: there is no /dev/fuse"
fi

# Processes that come and go: those that stay are there, each time.
start churn unshare -p -f --kill-child bash -c '
	echo READY; while :; do /bin/true & /bin/true; wait -n; done'
await_line "$WORK/churn.out" '^READY'
await_child "$STARTED"
for _ in {1..30}; do
	run "$NSPEEK" ps -o pid --noheadings "$CHILD"
	((STATUS <= 1)) || fail "status $STATUS: $ERR"
	# New ones may come faster than they can be listed: that is said.
	((STATUS == 0)) && lines=0 || lines=1
	assert_eq "$(grep -c "^nspeek: warning: there are more processes in $CHILD than can be listed\$" <<<"$ERR")" "$lines" warnings
	assert_eq "$(grep -cv '^nspeek: warning: there are more\|^$' <<<"$ERR")" 0 "other lines"
	grep -qw "$CHILD" <<<"$OUT" || fail "$CHILD is not there: $OUT"
done
finish "$STARTED"

# A thousand, with a pipe that nobody reads to the end, and a full disk.
mkfifo "$WORK/fifo"
# shellcheck disable=SC2016
start many unshare -p -f --kill-child bash -c '
	exec 9<>"$0"; for ((i = 0; i < 999; i++)); do read -u 9 & done; echo READY; wait' "$WORK/fifo"
await_line "$WORK/many.out" '^READY'
await_child "$STARTED"
expect_status 0 "$NSPEEK" ps --tree "$CHILD"
assert_eq "$(wc -l <<<"$OUT")" 1001 lines
assert_eq "$(grep -c ' \\_ bash -c' <<<"$OUT")" 999 children
# What the container is called is not looked for among all cgroups of the host if nothing shows it.
expect_status 0 env ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat -o "$WORK/calls" "$NSPEEK" ps "$CHILD"
assert_eq "$(grep -c '/status"' "$WORK/calls" | grep -cE '^[0-9]{4,}$')" 1 "a thousand processes looked at"
assert_eq "$(grep -c '/cgroup"' "$WORK/calls")" 0 "cgroups looked at"
expect_status 0 env ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat -o "$WORK/calls" "$NSPEEK" ps -o pid,container "$CHILD"
assert_contains "$(cat "$WORK/calls")" '/cgroup"'
expect_status 0 "$NSPEEK" ps --json "$CHILD"
assert_eq "$(jq '[.containers[0].processes[] | select(.ns_ppid == 1 and .cmdline[0] == "bash")] | length' "$WORK/run.out")" 999 children
expect_status 0 bash -o pipefail -c '"$0" ps "$1" | head -n 1' "$NSPEEK" "$CHILD"
assert_eq "$ERR" "" stderr
if [ -c /dev/full ]; then
	expect_status 2 bash -c '"$0" ps "$1" >/dev/full' "$NSPEEK" "$CHILD"
	assert_one_error "standard output"
fi
passed
