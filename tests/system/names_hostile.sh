#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# State files that are cut off, huge, no files, elsewhere, of other types, of other owners, or of a
# process that is gone: each costs the name of its own container, with a warning, and nothing else.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/runtimes.sh"
need_tool jq

lab_open
LAB_PID=$STARTED
RUNC_ROOT=/run/runc
# No other test's containers are called so.
BOX=box$$
OTHER=other$$
THIRD=third$$
box_root "$BOX"
start_box docker "$BOX" app /bin/app init
box=$TARGET
box_root "$OTHER"
start_box docker "$OTHER" app /bin/app init
other=$TARGET
# The one that is next to a store with lies.
box_root "$THIRD"
start_box runc "$THIRD" app /bin/app init
third=$TARGET
id=$(sed -n 's|.*name=systemd:.*/||p' "/proc/$box/cgroup")
[ -n "$id" ] || id=$(tail -n 1 "/proc/$box/cgroup" | sed 's|.*/||')
dir=$WORK/docker/data/containers/$id
[ -f "$dir/config.v2.json" ] || fail "no state file in $dir"
cp "$dir/config.v2.json" "$WORK/good.json"

in_lab() {
	local status=$1
	shift
	RUN_SECONDS=20 expect_status "$status" nsenter --mount="/proc/$LAB_PID/ns/mnt" -- \
		"$WORK/nspeek" "$@"
}

name_of() {
	jq -r --argjson pid "$1" '.containers[] | select(.pid == $pid) | .name' "$WORK/run.out"
}

# cost WHAT WARNING-PART: the state file is as it is now.
cost() {
	in_lab 0 list --json
	assert_eq "$(name_of "$box")" null "the name with $1"
	assert_eq "$(name_of "$other")" "$OTHER" "the other's name with $1"
	assert_eq "$(name_of "$third")" "$THIRD" "the third's name with $1"
	assert_eq "$(printf '%s\n' "$ERR" | grep -c .)" 1 "lines on stderr with $1"
	assert_contains "$ERR" "nspeek: warning: $dir/config.v2.json is not used: "
	assert_contains "$ERR" "$2"
	in_lab 0 "$OTHER" -- /bin/app hostname
	assert_eq "$OUT" "$OTHER" "the other with $1"
	in_lab 0 "${id:0:12}" -- /bin/app hostname
	assert_eq "$OUT" "$BOX" "by its id with $1"
	in_lab 125 "$BOX" -- /bin/app hostname
	assert_contains "$ERR" "nspeek: no container is called $BOX"
	rm -rf "$dir/config.v2.json"
	cp "$WORK/good.json" "$dir/config.v2.json"
}

change() {
	jq -c "$1" "$WORK/good.json" >"$dir/config.v2.json"
}

in_lab 0 list --json
assert_eq "$(name_of "$box") $(name_of "$other") $(name_of "$third")" "$BOX $OTHER $THIRD" "the names"
assert_eq "$ERR" "" stderr
for pid in "$box" "$other" "$third"; do
	target_before "$pid"
done

head -c 700 "$WORK/good.json" >"$dir/config.v2.json"
cost "one that is cut off" "no JSON"
: >"$dir/config.v2.json"
cost "an empty one" "no JSON"
truncate -s 1G "$dir/config.v2.json"
cost "one of 1 GiB" "too large"
head -c 3000000 /dev/zero >"$dir/config.v2.json"
cost "one of NULs" "no JSON"
{
	cat "$WORK/good.json"
	printf '\0'
} >"$dir/config.v2.json"
cost "a NUL behind it" "no JSON"
head -c 200000 /dev/zero | tr '\0' '[' >"$dir/config.v2.json"
cost "a depth without end" "no JSON"
rm "$dir/config.v2.json" && mkfifo "$dir/config.v2.json"
cost "a FIFO" "no regular file"
rm "$dir/config.v2.json" && ln -s "$WORK/good.json" "$dir/config.v2.json"
cost "a link" "no regular file"
rm "$dir/config.v2.json" && mkdir "$dir/config.v2.json"
cost "a directory" "no regular file"
rm "$dir/config.v2.json" && mknod "$dir/config.v2.json" c 1 5
cost "a device" "no regular file"
change '.Name = 7'
cost "a name that is a number" "makes no sense"
change '.Name = ["/box"]'
cost "a name that is a list" "makes no sense"
change '.State = "running"'
cost "a state that is a string" "makes no sense"
change 'del(.ID)'
cost "no id" "makes no sense"
change '.Name = "/" + ("x" * 5000)'
cost "a name without end" "makes no sense"
change '[.]'
cost "a list" "makes no sense"
change ".State.Pid = $other"
cost "the PID of another" "not the container's first one"
change ".ID = \"$(printf '%064d' 1)\""
cost "the id of another" "of another container"
chown 1234 "$dir/config.v2.json"
cost "another owner" "belongs neither to root nor"
chmod 666 "$dir/config.v2.json"
cost "a file for everybody" "everybody can write to it"

# Of a container that does not run nothing is taken, whoever has put himself in its cgroup.
change ".State.Pid = 0"
in_lab 0 list --json
assert_eq "$(name_of "$box")" null "the name with no PID"
assert_eq "$ERR" "" "stderr with no PID"

# A name that means something to a terminal is shown harmless, and is a name.
change '.Name = "/\u001b[31mred\n"'
in_lab 0 list
assert_contains "$OUT" '\x1b[31mred\x0a'
in_lab 0 $'\e[31mred\n' -- /bin/app hostname
assert_eq "$OUT" "$BOX"
cp "$WORK/good.json" "$dir/config.v2.json"

# A store in which somebody else's process has the number, or another time of birth.
lies=/proc/$LAB_PID/root/run/runc
mkdir "$lies/stale" "$lies/wrong"
jq -c '.id = "stale" | .init_process_start += 1' "$lies/$THIRD/state.json" >"$lies/stale/state.json"
jq -c ".id = \"wrong\" | .init_process_pid = $$" "$lies/$THIRD/state.json" >"$lies/wrong/state.json"
in_lab 0 list --json
assert_eq "$(name_of "$third")" "$THIRD" "the name beside lies"
assert_eq "$ERR" "nspeek: warning: /run/runc/stale/state.json is not used: its process is not the one that has the number now"
rm -r "$lies/$THIRD"
in_lab 0 list --json
assert_eq "$(jq -c --argjson pid "$third" '.containers[] | select(.pid == $pid) | [.runtime, .id, .name]' \
	"$WORK/run.out")" '[null,null,null]' "the third without its own file"

# A user who has made a container says that this one is his, too, and what it is called.
start user setpriv --reuid 1234 --regid 1234 --clear-groups unshare --user --pid --fork --kill-child \
	sh -c 'echo READY; exec sleep infinity'
await_line "$WORK/user.out" '^READY'
users=/proc/$LAB_PID/root/run/user/1234/crun
mkdir -p "$users"/{evil,own}
status() {
	jq -nc --argjson pid "$1" --argjson start "$(sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20)" \
		'{$pid, "process-start-time": $start}'
}
own=$(cat "/proc/$STARTED/task/$STARTED/children")
own=${own% }
status "$third" >"$users/evil/status"
status "$own" >"$users/own/status"
chown -R 1234:1234 "$users"
in_lab 0 list --json
assert_eq "$(name_of "$third")" null "what a user calls another's container"
assert_eq "$(name_of "$own")" own "what a user calls his own"
in_lab 125 evil -- /bin/app true
assert_contains "$ERR" "no container is called evil"
# More than there may be costs only this user's names.
for ((i = 0; i < 12; i++)); do
	mkdir "$users/large$i"
	truncate -s 4M "$users/large$i/status"
done
chown -R 1234:1234 "$users"
in_lab 0 list --json
assert_eq "$(name_of "$other")" "$OTHER" "another's name beside too many files"
assert_contains "$ERR" "/status is not used: its user has too many"

for pid in "$box" "$other" "$third"; do
	target_after "$pid"
done
passed
