#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The root and the working directory: directories of the container, and no way leads out of it.
. "$(dirname "$0")/../support/lib.sh"

need_tool setpriv
start_runc /bin/app init
ROOTFS=$WORK/bundle/rootfs
mkdir -p "$ROOTFS"/srv/{deep/er,inner/{bin,etc,work}} "$ROOTFS/usr/private"
chmod 700 "$ROOTFS/usr/private"
cp "$FIXTURES/container" "$ROOTFS/srv/inner/bin/app"
printf 'inner:x:5:6::/inner:/bin/app\n' >"$ROOTFS/srv/inner/etc/passwd"
mkfifo "$ROOTFS/srv/fifo"
ln -s / "$ROOTFS/srv/to-root"
ln -s ../../../../../../../.. "$ROOTFS/srv/up"
ln -s /srv/deep/er "$ROOTFS/srv/absolute"
ln -s inner "$ROOTFS/srv/to-inner"
ln -s loop "$ROOTFS/srv/loop"
ln -s /proc/1/root "$ROOTFS/srv/magic"
ln -s /proc/1/cwd "$ROOTFS/srv/magic-cwd"
target_before "$TARGET"

# is_in DIR OPTION...: the command's working directory.
is_in() {
	local dir=$1
	shift
	expect_status 0 "$NSPEEK" "$@" "$TARGET" /bin/app pwd
	assert_eq "$OUT" "$dir" "the working directory with $*"
	assert_eq "$ERR" "" "stderr"
}

# root_has NAME OPTION...: the command's root, from which nothing is above.
root_has() {
	local name=$1 dir
	shift
	for dir in / /.. /../..; do
		expect_status 0 "$NSPEEK" "$@" "$TARGET" /bin/app ls "$dir"
		assert_contains "$OUT"$'\n' "$name"$'\n'
		assert_lacks "$OUT"$'\n' $'home\n'
	done
}

refused() {
	local part=$1
	shift
	RUN_SECONDS=10 expect_status 125 "$NSPEEK" "$@" "$TARGET" -- "${APP:-/bin/app}" pwd
	assert_one_error "$part"
}

is_in /
is_in / -r
is_in / -w
is_in / -rw
is_in / --root --wd
is_in /srv/deep --wd=/srv/deep
is_in /srv/deep --wd=srv/deep
is_in /srv --wd=/srv/deep/..
is_in /srv/deep/er --wd=/srv/absolute
is_in / --wd=/srv/up
is_in / --wd=/srv/up/../..
is_in /etc --wd=/srv/to-root/etc
is_in / --wd=..
is_in /srv --wd=/etc --wd=/srv
is_in / --wd=/etc -w
is_in /usr/private --wd=/usr/private -S 1000
root_has srv
root_has srv -r
root_has srv --wd=/srv/up

# Another root: what is above it is gone, and working directories are below it.
root_has work --root=/srv/inner
root_has work --root=srv/inner
root_has work --root=/srv/to-inner
root_has srv --root=/srv/up
root_has srv --root=/srv/to-root
is_in / --root=/srv/inner
is_in /work --root=/srv/inner --wd=/work
is_in /work --root=/srv/inner --wd=../../work
is_in /work --wd=/work --root=/srv/inner
refused "No such file" --root=/srv/inner --wd=/srv/inner/work
# Its files say who is who.
expect_status 0 "$NSPEEK" --root=/srv/inner --as inner "$TARGET" /bin/app id
assert_contains "$OUT" "uid=5,5,5 gid=6,6,6"
refused "the container's /etc/passwd cannot be read: No such file" --as inner
# The target's working directory is the target's root, which is not below the new one.
expect_status 0 "$NSPEEK" --root=/srv/inner --wd "$TARGET" /bin/app pwd
assert_eq "$OUT" /
assert_contains "$ERR" "warning: the target's working directory cannot be entered"

for option in --root --wd; do
	refused "No such file" "$option=/none"
	refused "Not a directory" "$option=/etc/../bin/app"
	refused "Not a directory" "$option=/srv/fifo"
	refused "ymbolic link" "$option=/srv/loop"
	refused "ymbolic link" "$option=/srv/magic"
	assert_contains "$ERR" "hint: links of /proc"
	refused "ymbolic link" "$option=/srv/magic-cwd"
	refused "ymbolic link" "$option=/proc/1/root"
	refused "$option= lacks its DIR" "$option="
	refused "the mount namespace is not joined" -n "$option"
	refused "the mount namespace is not joined" -n "$option=/srv"
done
expect_status 0 "$NSPEEK" -v --root=/srv/inner --wd=/work "$TARGET" /bin/app exit 0
assert_contains "$ERR" "root: /srv/inner of the container"
assert_contains "$ERR" "working directory: /work"
# Short options stand together and take no value.
expect_status 0 "$NSPEEK" -rwv "$TARGET" /bin/app exit 0
assert_contains "$ERR" "working directory: the target's"

# Directories of a mount namespace without a target.
MOUNT=--mount=/proc/$TARGET/ns/mnt
expect_status 0 "$NSPEEK" "$MOUNT" --privileged --wd=/srv/deep -- /bin/app pwd
assert_eq "$OUT" /srv/deep
expect_status 0 "$NSPEEK" "$MOUNT" --privileged --root=/srv/inner -- /bin/app ls /..
assert_contains "$OUT" work
for option in -r -w; do
	refused "lack their DIR" "$MOUNT" "$option"
done
target_after "$TARGET"

# Without openat2 nothing keeps links from leading out: that is said, and not tried.
DENY=$FIXTURES/deny
if "$DENY" uselib=ENOSYS -- true 2>/dev/null; then
	expect_status 125 "$DENY" openat2=ENOSYS -- "$NSPEEK" --wd=/srv "$TARGET" /bin/app pwd
	assert_one_error "--wd /srv"
	assert_contains "$ERR" "hint: a path of the container needs openat2"
	expect_status 0 "$DENY" openat2=ENOSYS -- "$NSPEEK" "$TARGET" /bin/app pwd
fi
target_after "$TARGET"

# A chrooted process that sees the host's processes: there the links of /proc do lead out.
make_root "$WORK/jail"
mkdir "$WORK/jail/srv"
ln -s "/proc/$$/root" "$WORK/jail/out"
ln -s "/proc/$$/cwd" "$WORK/jail/out-cwd"
start_unshare --mount --pid --fork -- sh -c "mount -t proc none '$WORK/jail/proc'
	exec chroot '$WORK/jail' /bin/app init"
MOUNTED=$TARGET
# (Its own /proc is of its PID namespace; this one is the host's.)
nsenter -t "$MOUNTED" -m mount --bind /proc "$WORK/jail/proc" || fail "mount"
target_before "$TARGET"
for option in --root --wd; do
	refused "ymbolic link" "$option=/out"
	refused "ymbolic link" "$option=/out/etc"
	refused "ymbolic link" "$option=/out-cwd"
done
is_in /
is_in / --wd
is_in /srv --wd=/srv
root_has srv --wd=/tmp
target_after "$TARGET"
passed
