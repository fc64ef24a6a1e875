#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ps: PIDs of every level, users by the container's own map and passwd file, columns, the tree, the
# JSON document; several targets; words that make no sense.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq unshare nsenter setpriv pgrep script

# A container with users of its own: 0 inside is 100000, and our root is 5000 there.
make_root "$WORK/root"
printf '%s\n' 'root:x:0:0::/:/bin/sh' 'made:x:5000:5000:::' 'twin:x:0:0:::' >"$WORK/root/etc/passwd"
start init unshare -U -m -p -f --kill-child -R "$WORK/root" /bin/app init
await_line "$WORK/init.out" '^READY'
await_child "$STARTED"
INIT=$CHILD
defer kill -KILL "$INIT"
printf '0 100000 1000\n5000 0 1\n' >"$WORK/map"
cat "$WORK/map" >"/proc/$INIT/uid_map" || skip "a map of users" # in one write
cat "$WORK/map" >"/proc/$INIT/gid_map" || skip "a map of groups"
# Its root, and somebody who is nobody there: our user 42, in its PID namespace only.
start root nsenter -t "$INIT" -U -p -S 0 -G 0 "$FIXTURES/container" sleep
start other nsenter -t "$INIT" -p setpriv --reuid 42 --clear-groups "$FIXTURES/container" threads 3
await_line "$WORK/other.out" '^READY'
await_child "$STARTED"
OTHER=$CHILD
defer kill -KILL "$OTHER"
three() {
	[ "$(processes_beside "$INIT" | wc -l)" = 3 ]
}
retry 10 three || fail "three processes never were: $(processes_beside "$INIT")"
ROOT=$(processes_beside "$INIT" | tr -dc '0-9\n' | grep -vxE "$INIT|$OTHER")
await_program "$ROOT" container
defer kill -KILL "$ROOT"
target_before "$INIT"

# field PID KEY...: of the last document.
field() {
	jq -c --argjson pid "$1" ".containers[].processes[] | select(.pid == \$pid) | [$2]" "$WORK/run.out"
}

expect_status 0 "$NSPEEK" ps --json "$INIT"
assert_eq "$ERR" "" stderr
assert_eq "$(jq -r .schema "$WORK/run.out")" nspeek.ps/1 schema
assert_eq "$(jq -c '.containers | map([.target, .pid, .runtime, .complete])' "$WORK/run.out")" \
	"[[\"$INIT\",$INIT,null,true]]" containers
assert_eq "$(jq -c '[.containers[].processes[].pid]' "$WORK/run.out")" \
	"$(printf '%s\n' "$INIT" "$ROOT" "$OTHER" | sort -n | jq -cs .)" "processes"
assert_eq "$(field "$INIT" '.ns_pid, .ns_pids, .ppid, .ns_ppid, .uid, .ns_uid, .user')" \
	"[1,[1],$(awk '/^PPid/ { print $2 }' "/proc/$INIT/status"),0,0,5000,\"made\"]" "init"
assert_eq "$(field "$ROOT" '.uid, .ns_uid, .user, .threads, .state, .comm')" \
	'[100000,0,"root",1,"S","container"]' "its root"
assert_eq "$(field "$OTHER" '.uid, .ns_uid, .user, .threads, .cmdline')" \
	"[42,null,null,4,$(jq -nc --arg app "$FIXTURES/container" '[$app, "threads", "3"]')]" "a stranger"
assert_eq "$(field "$INIT" '.pid_ns, .user_ns')" \
	"[$(stat -Lc %i "/proc/$INIT/ns/pid"),$(stat -Lc %i "/proc/$INIT/ns/user")]" "namespaces"
assert_eq "$(field "$OTHER" '.user_ns')" "[$(stat -Lc %i /proc/self/ns/user)]" "its namespace"
rss=$(field "$OTHER" .rss | tr -d '[]')
((rss > 0 && rss % 1024 == 0)) || fail "resident memory of $rss bytes"
# What it prints is a TARGET, and no other inode is.
inode=$(field "$OTHER" .pidfd | tr -d '[]"')
if [ "$inode" = null ]; then
	say "not applicable: inodes of pidfds"
else
	expect_status 0 "$NSPEEK" ps -o pid,pidfd --noheadings "$OTHER:$inode"
	assert_contains "$OUT" "$OTHER  $inode"
	expect_status 2 "$NSPEEK" ps "$OTHER:$((inode + 1))"
	assert_one_error recycled
fi

# Text: the same.
expect_status 0 "$NSPEEK" ps "$OTHER"
assert_eq "$ERR" "" stderr
assert_matches "$OUT" '^ *PID  NSPID +PPID  USER +UID +NSUID  STATE  THREADS +RSS  ELAPSED  COMMAND'$'\n'
assert_matches "$OUT" $'\n'" *$INIT +1 +[0-9]+  made +0 +5000  S +1 +[0-9]+ +[0-9:]+  /bin/app init"
assert_matches "$OUT" $'\n'" *$ROOT +[0-9]+ +[0-9]+  root  100000 +0  S "
assert_matches "$OUT" $'\n'" *$OTHER +[0-9]+ +[0-9]+  - +42  unmapped  S +4 .*container threads 3"
assert_eq "$(printf '%s\n' "$OUT" | wc -l)" 4 lines
expect_status 0 "$NSPEEK" ps -o user,nsuid --noheadings "$INIT"
assert_eq "$(printf '%s\n' "$OUT" | sort)" "$(printf '%s\n' '-     unmapped' 'made      5000' 'root         0' | sort)" "two columns"
expect_status 0 "$NSPEEK" ps -o +PIDNS --noheadings "$INIT"
assert_eq "$(printf '%s\n' "$OUT" | awk '{ print $NF }' | sort -u)" "$(stat -Lc %i "/proc/$INIT/ns/pid")" "one more column"
expect_status 0 "$NSPEEK" ps -o help
assert_matches "$OUT" '^PID +its PID on the host'
assert_contains "$OUT" $'\nShown by default: PID,NSPID,'
# The passwd file of now.
echo 'renamed:x:5000:1:::' >"$WORK/root/etc/passwd"
expect_status 0 "$NSPEEK" ps -o user --noheadings "$INIT"
assert_eq "$(printf '%s\n' "$OUT" | sort -u)" $'-\nrenamed' users
rm "$WORK/root/etc/passwd"
expect_status 0 "$NSPEEK" ps -o user --noheadings "$INIT"
assert_eq "$(sort -u <<<"$OUT$ERR")" "-" "users without a file"
target_after "$INIT"

# PID namespaces in PID namespaces, and what is seen from each.
start levels unshare -p -f --kill-child unshare -p -f --kill-child unshare -p -f --kill-child \
	"$FIXTURES/container" init
await_line "$WORK/levels.out" '^READY'
await_child "$STARTED"
ONE=$CHILD
await_child "$ONE"
TWO=$CHILD
await_child "$TWO"
THREE=$CHILD
target_before "$THREE"
expect_status 0 "$NSPEEK" ps --json "$ONE"
assert_eq "$(jq -c '[.containers[0].processes[] | [.pid, .ns_pids, .ns_ppid]]' "$WORK/run.out")" \
	"[[$ONE,[1],0],[$TWO,[2,1],1],[$THREE,[3,2,1],2]]" "from the outermost"
expect_status 0 "$NSPEEK" ps --json "$THREE"
assert_eq "$(jq -c '[.containers[0].processes[] | [.pid, .ns_pids, .ns_ppid]]' "$WORK/run.out")" "[[$THREE,[1],0]]" \
	"from the innermost"
expect_status 0 "$NSPEEK" ps --tree --noheadings -o nspid,command "$ONE"
assert_eq "$(sed 's/unshare .*/unshare/; s/ [^ ]*container / container /' <<<"$OUT")" \
	$'    1  unshare\n  2/1   \\_ unshare\n3/2/1       \\_ container init' tree
target_after "$THREE"

# Several targets: each container once, with a line that says which it is.
expect_status 0 "$NSPEEK" ps -o pid "$TWO" "$THREE" "$INIT" "$OTHER"
assert_eq "$(grep -c '^container of process' <<<"$OUT")" 3 containers
assert_eq "$(grep -c "^ *$THREE\$" <<<"$OUT")" 2 "the innermost process"
assert_eq "$(grep -c "^ *$OTHER\$" <<<"$OUT")" 1 "the stranger"
expect_status 0 "$NSPEEK" ps -o pid --noheadings "$TWO" "$INIT"
assert_lacks "$OUT" container
dead_pid
expect_status 1 "$NSPEEK" ps "$DEAD_PID" "$INIT"
assert_matches "$OUT" "^ *PID "
assert_matches "$ERR" "^nspeek: there is no process $DEAD_PID\$"
expect_status 1 "$NSPEEK" ps --json "$DEAD_PID" "$INIT"
assert_eq "$(jq '.containers | length' "$WORK/run.out")" 1 containers
expect_status 2 "$NSPEEK" ps "$DEAD_PID"
assert_one_error "$DEAD_PID"
expect_status 2 "$NSPEEK" ps --json "$DEAD_PID"
assert_eq "$(jq -c . "$WORK/run.out")" '{"schema":"nspeek.ps/1","containers":[]}' "an empty document"

# usage WORD... LINE-PART
usage() {
	expect_status 64 "$NSPEEK" ps "${@:1:$#-1}"
	assert_one_error "${!#}"
}
usage "which TARGET"
usage --tree --json "$INIT" "cannot stand beside"
usage --json -o pid "$INIT" "cannot stand beside"
usage -o pid,nonsense "$INIT" "no column 'nonsense'"
usage -o "" "$INIT" "no column ''"
usage --color=blue "$INIT" "--color takes"
usage --no-such "$INIT" "no option"
expect_status 64 "$NSPEEK" ps 0
assert_contains "$ERR" "0 cannot be the id"

# On a terminal a row is a line, headings are bold unless they are not to be, and a pipe gets all.
on_terminal() {
	timeout -k 2 30 script -qefc "stty cols $1; $2" "$WORK/typescript" >/dev/null 2>&1
	OUT=$(grep -av '^Script ' "$WORK/typescript" | tr -d '\r')
}
LONG=$(printf 'x%.0s' {1..300})
start long unshare -p -f --kill-child "$FIXTURES/container" init "$LONG" "日本語"
await_line "$WORK/long.out" '^READY'
await_child "$STARTED"
on_terminal 60 "'$NSPEEK' ps -o pid,state,command $CHILD"
assert_matches "$OUT" $'^\033\\[1m *PID +STATE  COMMAND\033\\[0m\n'
assert_eq "$(awk 'NR == 2 { print length($0) }' <<<"$OUT")" 60 "columns of the row"
assert_matches "$OUT" '\.\.\.$'
on_terminal 60 "NO_COLOR=1 '$NSPEEK' ps -o pid,state,command $CHILD"
assert_lacks "$OUT" $'\033'
on_terminal 60 "'$NSPEEK' ps --color=never $CHILD"
assert_lacks "$OUT" $'\033'
expect_status 0 "$NSPEEK" ps --color=always -o state,command "$CHILD"
assert_matches "$OUT" $'\n'"S      .*container init $LONG 日本語\$"
assert_contains "$OUT" $'\033[1mSTATE'
passed
