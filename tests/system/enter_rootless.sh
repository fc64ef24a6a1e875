#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user in its own user namespaces, and root in them: one id mapped, none mapped, another
# than 0 mapped, setgroups denied; containers of bubblewrap and of podman.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool setpriv
make_user
need_user_namespaces
APP=$WORK/app
cp "$FIXTURES/container" "$APP"
NONE=0000000000000000
EVERY="${AS_USER[*]}"

# start_as_user OPTION...: unshare(1) with these, and its child as TARGET.
start_as_user() {
	start unshare "${AS_USER[@]}" unshare "$@" --pid --mount-proc --fork --kill-child "$APP" init
	await_child "$STARTED"
	TARGET=$CHILD
	defer kill -KILL "$TARGET"
	await_line "$WORK/unshare.out" '^READY'
	await_program "$TARGET" app
}

# Each of these is run as the user, and as root.
RUNNERS=("$EVERY" "env")

# ids_are WANTED OPTION...
ids_are() {
	local wanted=$1 runner
	shift
	for runner in "${RUNNERS[@]}"; do
		# shellcheck disable=SC2086
		expect_status 0 $runner "$NSPEEK" "$@" "$TARGET" -- "$APP" id
		assert_eq "$OUT" "$wanted" "the ids of $runner with $*"
		assert_eq "$ERR" "" "stderr"
	done
}

# refused PART OPTION...
refused() {
	local part=$1 runner
	shift
	for runner in "${RUNNERS[@]}"; do
		# shellcheck disable=SC2086
		expect_status 125 $runner "$NSPEEK" "$@" "$TARGET" -- "$APP" id
		assert_one_error "$part"
	done
}

# caps_are PERMITTED BOUNDING AMBIENT OPTION...
caps_are() {
	local permitted=$1 bounding=$2 ambient=$3 runner
	shift 3
	for runner in "${RUNNERS[@]}"; do
		# shellcheck disable=SC2086
		expect_status 0 $runner "$NSPEEK" "$@" "$TARGET" -- "$APP" caps
		assert_eq "$(head -n 5 <<<"$OUT")" "inheritable $ambient
permitted $permitted
effective $permitted
bounding $bounding
ambient $ambient" "the capabilities of $runner with $*"
	done
}

say "one id, which is 0 inside"
start_as_user -Ur
target_before "$TARGET"
FULL=$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")
ids_are "uid=0,0,0 gid=0,0,0 groups="
ids_are "uid=0,0,0 gid=0,0,0 groups=" -S 0 -G 0
ids_are "uid=0,0,0 gid=0,0,0 groups=" --as root
ids_are "uid=0,0,0 gid=0,0,0 groups=" --as 0:0
ids_are "uid=0,0,0 gid=0,0,0 groups=" --groups=
ids_are "uid=0,0,0 gid=0,0,0 groups=" --groups=target
refused "uid 1 is not mapped" -S 1
assert_contains "$ERR" "hint: mapped there are: 0"
refused "gid 1 is not mapped" -G 1
refused "uid 65534 is not mapped" -S 65534
refused "gid 1 is not mapped" --groups=1
refused "the user namespace denies setgroups" --groups=0
refused "uid 1 is not mapped" --as daemon
refused "gid 7 is not mapped" --as root:7
caps_are "$FULL" "$FULL" "$NONE"
caps_are "$FULL" "$FULL" "$NONE" --privileged
caps_are 0000000000001000 0000000000001000 "$NONE" --caps=net_admin
# What the user lacks outside is there to be given.
caps_are 0000000001200000 0000000001200000 "$NONE" --caps=sys_resource,sys_admin
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --env=clean --setenv A=1 --wd=/usr "$TARGET" -- "$APP" printenv
assert_contains "$OUT" A=1
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --wd=/usr "$TARGET" -- "$APP" pwd
assert_eq "$OUT" /usr
mkdir -p "$WORK/root/bin"
cp "$APP" "$WORK/root/bin/app"
chmod -R a+rX "$WORK/root"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --root="$WORK/root" "$TARGET" -- /bin/app ls /..
assert_eq "$OUT" bin
# Groups of a name that cannot be had there are left out, and that is said.
printf 'root:x:0:0::/:\n' >"$WORK/passwd"
printf 'root:x:0:\nmore:x:4:root\n' >"$WORK/group"
mkdir "$WORK/root/etc"
cp "$WORK/passwd" "$WORK/group" "$WORK/root/etc"
chmod -R a+rX "$WORK/root"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --root="$WORK/root" --as root "$TARGET" -- /bin/app id
assert_eq "$OUT" "uid=0,0,0 gid=0,0,0 groups="
assert_contains "$ERR" "warning: 1 groups of root are left out: the user namespace does not map them"
target_after "$TARGET"
finish "$STARTED"

say "the user's groups go in where nobody can drop them"
WITH_GROUPS=(setpriv --reuid "$TEST_UID" --regid "$TEST_GID" --groups "4,5,$TEST_GID")
start unshare "${WITH_GROUPS[@]}" unshare -Ur --pid --mount-proc --fork --kill-child "$APP" init
UNSHARE=$STARTED
await_child "$UNSHARE"
TARGET=$CHILD
defer kill -KILL "$TARGET"
await_program "$TARGET" app
target_before "$TARGET"
# outside_groups: those of the command, as the host sees them.
outside_groups() {
	start command "$@" "$TARGET" -- "$APP" init
	await_line "$WORK/command.out" '^READY'
	await_command "$STARTED"
	GROUPS_OUTSIDE=$(awk '/^Groups:/ { $1 = ""; print }' "/proc/$CHILD/status" | xargs)
	kill -TERM "$STARTED"
	wait "$STARTED" 2>/dev/null
}
outside_groups "${WITH_GROUPS[@]}" "$NSPEEK"
assert_eq "$GROUPS_OUTSIDE" "4 5 $TEST_GID" "kept"
outside_groups "${WITH_GROUPS[@]}" "$NSPEEK" --groups=target
assert_eq "$GROUPS_OUTSIDE" "4 5 $TEST_GID" "the target's, as they are"
outside_groups "$NSPEEK" --groups=target
assert_eq "$GROUPS_OUTSIDE" "4 5 $TEST_GID" "the target's, by root"
outside_groups setpriv --groups=7,8 "$NSPEEK"
assert_eq "$GROUPS_OUTSIDE" "" "none, by root"
outside_groups "$NSPEEK" -n --groups=target
assert_eq "$GROUPS_OUTSIDE" "4 5 $TEST_GID" "the target's, for a program of the host"
expect_status 125 "${AS_USER[@]}" "$NSPEEK" --groups=target "$TARGET" -- "$APP" id
assert_one_error "a group of process $TARGET is not mapped"
expect_status 125 "${WITH_GROUPS[@]}" "$NSPEEK" --groups= "$TARGET" -- "$APP" id
assert_one_error "the user namespace denies setgroups"
target_after "$TARGET"
finish "$UNSHARE"

say "one id, which is not 0 inside"
start_as_user -Uc
target_before "$TARGET"
ids_are "uid=$TEST_UID,$TEST_UID,$TEST_UID gid=$TEST_GID,$TEST_GID,$TEST_GID groups="
ids_are "uid=$TEST_UID,$TEST_UID,$TEST_UID gid=$TEST_GID,$TEST_GID,$TEST_GID groups=" \
	-S "$TEST_UID" -G "$TEST_GID"
ids_are "uid=$TEST_UID,$TEST_UID,$TEST_UID gid=$TEST_GID,$TEST_GID,$TEST_GID groups=" \
	--as "$TEST_USER"
refused "uid 0 is not mapped" -S 0
refused "uid 0 is not mapped" --as root
refused "gid 0 is not mapped" -G 0
caps_are "$NONE" "$FULL" "$NONE"
caps_are "$NONE" "$FULL" "$NONE" -S "$TEST_UID"
caps_are 0000000000001000 0000000000001000 0000000000001000 --caps=net_admin
caps_are 0000000000001000 0000000000001000 0000000000001000 --caps=net_admin --as "$TEST_USER"
caps_are "$FULL" "$FULL" "$FULL" --privileged
caps_are "$NONE" "$FULL" "$NONE" --privileged -S "$TEST_UID"
target_after "$TARGET"
finish "$STARTED"

say "no id"
start_as_user -U
target_before "$TARGET"
RUNNERS=("$EVERY")
ids_are "uid=65534,65534,65534 gid=65534,65534,65534 groups="
ids_are "uid=65534,65534,65534 gid=65534,65534,65534 groups=" --groups=
caps_are "$NONE" "$FULL" "$NONE"
caps_are 0000000000001000 0000000000001000 0000000000001000 --caps=net_admin
RUNNERS=("$EVERY" "env")
refused "uid 0 is not mapped" -S 0 -G 0
assert_contains "$ERR" "hint: mapped there are: none"
refused "uid 65534 is not mapped" -S 65534
target_after "$TARGET"
finish "$STARTED"

say "without a user namespace of its own nothing can be taken but what it is"
if "${AS_USER[@]}" test -r "/proc/$$/status"; then
	start own "${AS_USER[@]}" "$APP" init
	TARGET=$STARTED
	await_line "$WORK/own.out" '^READY'
	target_before "$TARGET"
	RUNNERS=("$EVERY")
	ids_are "uid=$TEST_UID,$TEST_UID,$TEST_UID gid=$TEST_GID,$TEST_GID,$TEST_GID groups="
	ids_are "uid=$TEST_UID,$TEST_UID,$TEST_UID gid=$TEST_GID,$TEST_GID,$TEST_GID groups=" \
		-S "$TEST_UID" -G "$TEST_GID"
	ids_are "uid=$TEST_UID,$TEST_UID,$TEST_UID gid=$TEST_GID,$TEST_GID,$TEST_GID groups=" \
		--as "$TEST_USER"
	refused "setresuid failed on uid 0: Operation not permitted" -S 0
	refused "setresgid failed on gid 0: Operation not permitted" -G 0
	refused "setresuid failed on uid 1" --as daemon:"$TEST_GID"
	refused "cap_kill was asked for, but it is not ours to give" --caps=kill
	refused "chroot failed" --root=/usr
	caps_are "$NONE" "$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")" "$NONE" \
		--caps=target
	target_after "$TARGET"
	finish "$STARTED"
fi
RUNNERS=("$EVERY" "env")

if command -v bwrap >/dev/null && command -v jq >/dev/null; then
	say "bubblewrap"
	APP=/bin/app
	start_bwrap as "$TEST_USER" /bin/app init
	target_before "$TARGET"
	ids_are "uid=$TEST_UID,$TEST_UID,$TEST_UID gid=$TEST_GID,$TEST_GID,$TEST_GID groups="
	ids_are "uid=$TEST_UID,$TEST_UID,$TEST_UID gid=$TEST_GID,$TEST_GID,$TEST_GID groups=" \
		-S "$TEST_UID"
	refused "uid 0 is not mapped" -S 0
	refused "the container's /etc/passwd cannot be read" --as root
	caps_are "$NONE" "$NONE" "$NONE"
	expect_status 0 "${AS_USER[@]}" "$NSPEEK" --wd=/bin --setenv A=b "$TARGET" app pwd
	assert_eq "$OUT" /bin
	target_after "$TARGET"
	finish "$STARTED"
fi
passed
