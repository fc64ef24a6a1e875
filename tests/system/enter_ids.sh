#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Numbers for the user, the group and the groups of the command: for a program of the container, for
# one of the host, and in user namespaces that do not map all of them.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool setpriv perl
start_runc /bin/app init
ETC=$WORK/bundle/rootfs/etc
target_before "$TARGET"

# ids_are WANTED OPTION...: what the command says of its ids.
ids_are() {
	local wanted=$1
	shift
	expect_status 0 "$NSPEEK" "$@" "$TARGET" app id
	assert_eq "$OUT" "$wanted" "the ids with $*"
	assert_eq "$ERR" "" "stderr"
}

refused() {
	local part=$1
	shift
	expect_status 125 "$NSPEEK" "$@" "$TARGET" -- "${APP:-app}" id
	assert_one_error "$part"
}

# Without a passwd file the group is root's.
ids_are "uid=1000,1000,1000 gid=0,0,0 groups=" -S 1000
ids_are "uid=0,0,0 gid=7,7,7 groups=" -G 7
ids_are "uid=1000,1000,1000 gid=7,7,7 groups=" --setuid=1000 --setgid=7
ids_are "uid=4294967294,4294967294,4294967294 gid=4294967294,4294967294,4294967294 groups=" \
	-S 4294967294 -G 4294967294
ids_are "uid=0,0,0 gid=0,0,0 groups=4,8,9" --groups=9,8,4,8
ids_are "uid=5,5,5 gid=6,6,6 groups=7" -S5 -G6 --groups=7
ids_are "uid=0,0,0 gid=0,0,0 groups=" --groups=
# The last of an option counts.
ids_are "uid=2,2,2 gid=0,0,0 groups=" -S 1 -S 2 --groups=3 --groups=
# With one it is the user's, and HOME and the names are too; -G has the last word.
printf 'root:x:0:5::/root:/bin/app\nother:x:1001:1::/:\napp:x:1000:1001::/srv/app:/bin/app\n' \
	>"$ETC/passwd"
printf 'web:x:33:app\n' >"$ETC/group"
ids_are "uid=1000,1000,1000 gid=1001,1001,1001 groups=" -S 1000
ids_are "uid=1000,1000,1000 gid=7,7,7 groups=" -S 1000 -G 7
ids_are "uid=77,77,77 gid=0,0,0 groups=" -S 77
ids_are "uid=0,0,0 gid=0,0,0 groups="
expect_status 0 "$NSPEEK" -S 1000 "$TARGET" app printenv
assert_contains "$OUT" USER=app
assert_contains "$OUT" HOME=/srv/app
expect_status 0 "$NSPEEK" -S 77 "$TARGET" app printenv
assert_lacks "$OUT" USER=
assert_contains "$OUT"$'\n' $'HOME=/\n'
# What cannot be read of it is as if it were not there.
chmod 600 "$ETC/passwd"
ids_are "uid=1000,1000,1000 gid=0,0,0 groups=" -S 1000
rm "$ETC/passwd"
mkfifo "$ETC/passwd"
RUN_SECONDS=10 ids_are "uid=1000,1000,1000 gid=0,0,0 groups=" -S 1000
rm "$ETC/passwd"

# The user is who looks for the command.
mkdir -m 700 "$WORK/bundle/rootfs/usr/private"
cp "$FIXTURES/container" "$WORK/bundle/rootfs/usr/private/app"
expect_status 0 "$NSPEEK" "$TARGET" /usr/private/app id
expect_status 126 "$NSPEEK" -S 1000 "$TARGET" /usr/private/app id
assert_one_error /usr/private/app "Permission denied"
rm -r "$WORK/bundle/rootfs/usr/private"

# Our keys do not go with another user, also where the user could make no keyring of its own.
# shellcheck disable=SC2016
expect_status 0 perl -e 'syscall(250, 1, 0) > 0 or die; exec @ARGV' \
	bash -c '"$0" keyring; "$1" -S 1000 "$2" app keyring' "$FIXTURES/container" "$NSPEEK" "$TARGET"
assert_matches "$OUT" $'^[0-9]+\n[0-9]+$'
assert_ne "${OUT%$'\n'*}" "${OUT#*$'\n'}" "the session keyring of another user"

# Nor do our groups.
expect_status 0 setpriv --groups=4,5,6 "$NSPEEK" -S 1000 "$TARGET" app id
assert_eq "$OUT" "uid=1000,1000,1000 gid=0,0,0 groups="

for word in -1 +1 "" " 1" 1x root 0x1 4294967295 4294967296 18446744073709551616; do
	refused "--setuid: " --setuid="$word"
	refused "--setgid: " --setgid="$word"
done
for word in "," "1," ",1" "1,,2" x 1:2 -1 4294967295; do
	refused "--groups: " --groups="$word"
done
target_after "$TARGET"

# A program of the host has our ids but for those that are asked for. None of our groups goes with
# another user.
APP=$FIXTURES/container
for case in "|uid=0,0,0 gid=0,0,0 groups=4,5,6" "-S 0|uid=0,0,0 gid=0,0,0 groups=" \
	"-S 1000|uid=1000,1000,1000 gid=0,0,0 groups=" "-G 7|uid=0,0,0 gid=7,7,7 groups=" \
	"-S 1000 -G 7 --groups=8|uid=1000,1000,1000 gid=7,7,7 groups=8" \
	"--groups=9|uid=0,0,0 gid=0,0,0 groups=9"; do
	# shellcheck disable=SC2086
	expect_status 0 setpriv --groups=4,5,6 "$NSPEEK" -n ${case%|*} "$TARGET" -- "$APP" id
	assert_eq "$OUT" "${case#*|}" "ids of a program of the host, ${case%|*}"
	assert_eq "$ERR" "" "stderr"
done
expect_status 0 setpriv --regid=9 --clear-groups "$NSPEEK" -n -S 1000 "$TARGET" -- "$APP" id
assert_eq "$OUT" "uid=1000,1000,1000 gid=9,9,9 groups="
# In the container's PID namespace its users can look into it.
expect_status 0 "$NSPEEK" -p -S 1000 "$TARGET" -- "$APP" id
assert_contains "$ERR" "warning: processes of the container can reach our files"
# Names need the container's files.
refused "the mount namespace is not joined" -n --as root
target_after "$TARGET"

# The target's own groups.
start_unshare --pid --mount-proc --fork -- setpriv --reuid=1 --regid=1 --groups=70,7,700 "$APP" init
target_before "$TARGET"
expect_status 0 setpriv --groups=4,5 "$NSPEEK" --groups=target -S 3 -G 4 "$TARGET" -- "$APP" id
assert_eq "$OUT" "uid=3,3,3 gid=4,4,4 groups=7,70,700"
expect_status 0 "$NSPEEK" --groups=target -p "$TARGET" -- "$APP" id
assert_eq "$OUT" "uid=0,0,0 gid=0,0,0 groups=7,70,700"
expect_status 125 "$NSPEEK" --mount="/proc/$TARGET/ns/mnt" --caps=keep --groups=target -- "$APP" id
assert_one_error "--groups=target needs a TARGET"
target_after "$TARGET"

# A user namespace that maps some ids only, and not those of the target, which root made.
start mapped unshare --user --pid --mount-proc --fork --kill-child "$APP" init
await_child "$STARTED"
TARGET=$CHILD
await_line "$WORK/mapped.out" '^READY'
refused "uid 5 is not mapped" -S 5 -G 5
assert_contains "$ERR" "hint: mapped there are: none"
# (It takes one write.)
printf '0 100000 100\n1000 101000 1\n' | cat >"/proc/$TARGET/uid_map" || fail "uid_map"
printf '0 100000 50\n' >"/proc/$TARGET/gid_map" || fail "gid_map"
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- "$APP" id
assert_eq "$OUT" "uid=0,0,0 gid=0,0,0 groups="
expect_status 0 "$NSPEEK" -S 1000 -G 49 --groups=1,48 "$TARGET" -- "$APP" id
assert_eq "$OUT" "uid=1000,1000,1000 gid=49,49,49 groups=1,48"
refused "uid 100 is not mapped" -S 100
assert_contains "$ERR" "hint: mapped there are: 0-99, 1000"
refused "gid 50 is not mapped" -G 50
refused "gid 1000 is not mapped" --groups=1,1000
refused "uid 65534 is not mapped" -S 65534
# The group that its passwd file names is none of them, and none is guessed in its place.
expect_status 125 "$NSPEEK" --as nobody "$TARGET" -- "$APP" id
assert_one_error "uid 65534 is not mapped"
# A program of ours joins that user namespace too.
expect_status 0 "$NSPEEK" -U -S 99 -G 1 "$TARGET" -- "$APP" id
assert_eq "$OUT" "uid=99,99,99 gid=1,1,1 groups="
target_after "$TARGET"
passed
