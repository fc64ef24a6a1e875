#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user by name: from the container's own passwd and group files, by our own parser, with no more
# power than its root has. Whatever a hostile container puts there does not block and leads nowhere.
. "$(dirname "$0")/../support/lib.sh"

start_runc /bin/app init
ETC=$WORK/bundle/rootfs/etc
target_before "$TARGET"

# as_is WANTED NAME [OPTION...]: the ids of the command as NAME.
as_is() {
	local wanted=$1 name=$2
	shift 2
	expect_status 0 "$NSPEEK" --as "$name" "$@" "$TARGET" app id
	assert_eq "$OUT" "$wanted" "the ids of $name $*"
	assert_eq "$ERR" "" "stderr"
}

refused() {
	local name=$1
	shift
	RUN_SECONDS=10 expect_status 125 "$NSPEEK" --as "$name" "$TARGET" app id
	assert_one_error "$@"
}

cat >"$ETC/passwd" <<'END'
root:x:0:0:root:/root:/bin/app
+::::::
+nis:x:0:0:::
overflow:x:4294967296:0::/:/bin/sh
keep:x:4294967295:0::/:/bin/sh
negative:x:-1:0::/:/bin/sh
short:x:5:5:
empty:x:::::
app:x:1000:1001:App:/srv/app:/bin/app
app:x:0:0:second:/:/bin/sh
toor:x:0:9::/toor:/bin/app
1000:x:7:7::/seven:/bin/app
nogroups:x:1002:1003::/:
END
printf 'last:x:1004:1005::/last:/bin/app' >>"$ETC/passwd"
cat >"$ETC/group" <<'END'
root:x:0:
+:::
web:x:33:www,app
staff:x:50:app
bad:x:4294967295:app
worse:x:-1:app
apple:x:51:apple,wapp
www:x:60:www
END

as_is "uid=1000,1000,1000 gid=1001,1001,1001 groups=33,50,1001" app
as_is "uid=0,0,0 gid=9,9,9 groups=9" toor
as_is "uid=1002,1002,1002 gid=1003,1003,1003 groups=1003" nogroups
as_is "uid=1004,1004,1004 gid=1005,1005,1005 groups=1005" last
# With a group it is that alone; --groups has the last word.
as_is "uid=1000,1000,1000 gid=33,33,33 groups=33" app:web
as_is "uid=1000,1000,1000 gid=60,60,60 groups=60" app:www
as_is "uid=1000,1000,1000 gid=8,8,8 groups=8" app:8
as_is "uid=1000,1000,1000 gid=1001,1001,1001 groups=1,2" app --groups=2,1
as_is "uid=1000,1000,1000 gid=33,33,33 groups=" app:web --groups=
as_is "uid=1000,1000,1000 gid=1001,1001,1001 groups=" app --groups=target
# Digits are a number, also where a user is called so.
as_is "uid=1000,1000,1000 gid=1001,1001,1001 groups=33,50,1001" 1000
as_is "uid=77,77,77 gid=0,0,0 groups=0" 77
as_is "uid=77,77,77 gid=33,33,33 groups=33" 77:web
as_is "uid=77,77,77 gid=78,78,78 groups=78" 77:78
for name in none +nis + overflow keep negative short empty APP ap appl; do
	refused "$name" "there is no user \`$name\` in the container's /etc/passwd"
done
refused app:none "there is no group \`none\` in the container's /etc/group"
refused app:bad "there is no group \`bad\`"
refused app:app "there is no group \`app\`"
for name in "" : app: :web; do
	refused "$name" "is no NAME or NAME:GROUP"
done
for name in 4294967295 4294967296 app:4294967295 app:99999999999999999999; do
	refused "$name" "--as: "
done
expect_status 125 "$NSPEEK" --as app -S 1 "$TARGET" app id
assert_one_error "--as"
expect_status 125 "$NSPEEK" --as app -G 1 "$TARGET" app id
assert_one_error "--as"

# HOME, the names and the shell are those of the row that was named.
expect_status 0 "$NSPEEK" --as toor "$TARGET" app printenv
assert_contains "$OUT" USER=toor
assert_contains "$OUT" LOGNAME=toor
assert_contains "$OUT" HOME=/toor
assert_contains "$OUT" SHELL=/bin/app
expect_status 0 "$NSPEEK" -v --as app "$TARGET" app exit 0
assert_contains "$ERR" "uid 1000 gid 1001"
assert_contains "$ERR" "groups: 33,50,1001 (app)"
assert_contains "$ERR" "for user app"

# As such a user, and not as who looked the user up, is the command searched for.
mkdir -m 700 "$WORK/bundle/rootfs/usr/private"
cp "$FIXTURES/container" "$WORK/bundle/rootfs/usr/private/app"
expect_status 126 "$NSPEEK" --as app "$TARGET" /usr/private/app id
expect_status 0 "$NSPEEK" --as toor "$TARGET" /usr/private/app id

# Without a group file there are no more groups than one.
mv "$ETC/group" "$WORK/group"
as_is "uid=1000,1000,1000 gid=1001,1001,1001 groups=1001" app
refused app:web "the container's /etc/group cannot be read: No such file"

# What is no file of users and groups.
hostile_group() {
	refused app "/etc/group cannot be read" "$1"
	assert_contains "$ERR" "hint: "
	refused app:web "/etc/group cannot be read" "$1"
	RUN_SECONDS=10 as_is "uid=1000,1000,1000 gid=33,33,33 groups=33" app:33
	RUN_SECONDS=10 as_is "uid=1000,1000,1000 gid=1001,1001,1001 groups=4" app --groups=4
	rm -r "$ETC/group"
}
mkfifo "$ETC/group"
hostile_group "no regular file"
ln -s /dev/zero "$ETC/group"
hostile_group "no regular file"
mkdir "$ETC/group"
hostile_group "no regular file"
ln -s group "$ETC/group"
hostile_group "ymbolic link"
head -c 1048577 /dev/zero >"$ETC/group"
hostile_group "longer than 1 MiB"
# More groups than a process can have.
yes g::1:app | head -n 70000 >"$ETC/group"
refused app "too many groups of \`app\`"
# Many, of which it can.
seq 1 20000 | sed 's/.*/g:x:&:app/' >"$ETC/group"
expect_status 0 "$NSPEEK" --as app "$TARGET" app exit 0
# A link inside is followed, one that leads out stays inside.
mv "$WORK/group" "$WORK/bundle/rootfs/usr/group"
ln -sf ../../../../../usr/group "$ETC/group"
as_is "uid=1000,1000,1000 gid=1001,1001,1001 groups=33,50,1001" app

hostile_passwd() {
	refused app "the container's /etc/passwd cannot be read" "$1"
	assert_contains "$ERR" "hint: "
	refused 1000 "the container's /etc/passwd cannot be read" "$1"
	# Who is not named needs none.
	RUN_SECONDS=10 expect_status 0 "$NSPEEK" "$TARGET" app printenv HOME
	assert_eq "$OUT" / HOME
	rm -r "$ETC/passwd"
}
mv "$ETC/passwd" "$WORK/passwd"
refused app "/etc/passwd cannot be read: No such file"
mkfifo "$ETC/passwd"
hostile_passwd "no regular file"
ln -s /dev/zero "$ETC/passwd"
hostile_passwd "no regular file"
mkdir "$ETC/passwd"
hostile_passwd "no regular file"
mknod "$ETC/passwd" c 1 3
hostile_passwd "no regular file"
# The way out by a procfs, for who has the power to go it.
ln -s /proc/1/root/usr/passwd "$ETC/passwd"
cp "$WORK/passwd" "$WORK/bundle/rootfs/usr/passwd"
hostile_passwd ""
head -c 1048577 /dev/zero >"$ETC/passwd"
hostile_passwd "longer than 1 MiB"
# Only root's power over files could read this; nobody uses that here.
cp "$WORK/passwd" "$ETC/passwd"
chown 4711 "$ETC/passwd"
chmod 600 "$ETC/passwd"
hostile_passwd "Permission denied"
: >"$ETC/passwd"
refused app "there is no user"
printf 'app:x:1000:1001::/:/bin/sh\0\napp\0:x:0:0::/:/bin/sh\n' >"$ETC/passwd"
refused app "there is no user"
{
	head -c 1000000 /dev/zero | tr '\0' x
	printf '\n:::\napp:x:1000:1001::/srv/app:/bin/app'
} >"$ETC/passwd"
as_is "uid=1000,1000,1000 gid=1001,1001,1001 groups=33,50,1001" app
target_after "$TARGET"

# On kernels without openat2.
DENY=$FIXTURES/deny
if "$DENY" uselib=ENOSYS -- true 2>/dev/null; then
	for denied in openat2=ENOSYS openat2=EPERM; do
		expect_status 0 "$DENY" "$denied" -- "$NSPEEK" --as app "$TARGET" app id
		assert_contains "$OUT" uid=1000
	done
	rm "$ETC/passwd"
	mkfifo "$ETC/passwd"
	RUN_SECONDS=10 expect_status 125 "$DENY" openat2=ENOSYS -- "$NSPEEK" --as app "$TARGET" \
		app id
	assert_one_error "no regular file"
fi
target_after "$TARGET"
passed
