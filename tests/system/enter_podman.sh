#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A container that an ordinary user made with podman: its user namespace maps the user and 65536
# more ids. The user and root enter it, as who it has.
. "$(dirname "$0")/../support/lib.sh"

make_user
need_user_namespaces
need_tool podman newuidmap runc
NONE=0000000000000000
USER_HOME=/home/$TEST_USER

# An image of one program, and of users of whom one is not mapped.
make_root "$WORK/image"
cat >"$WORK/image/etc/passwd" <<'END'
root:x:0:0::/root:/bin/app
app:x:1000:1001::/srv/app:/bin/app
high:x:70000:0::/:/bin/app
END
printf 'web:x:33:app\nhigh:x:70000:app\n' >"$WORK/image/etc/group"
tar -C "$WORK/image" -c . >"$WORK/image.tar"

# Everything that podman keeps is in the user's home, and goes with it.
"${AS_USER[@]}" mkdir -m 700 "$USER_HOME/run" || fail "mkdir"
PODMAN=("${AS_USER[@]}" env -C "$USER_HOME" "XDG_RUNTIME_DIR=$USER_HOME/run" podman
	--cgroup-manager=cgroupfs --runtime runc --root "$USER_HOME/storage"
	--runroot "$USER_HOME/runroot" --storage-driver vfs)
defer "${PODMAN[@]}" rm -f -t 0 boxed
make_box() {
	"${PODMAN[@]}" import - nspeek-test <"$WORK/image.tar" &&
		"${PODMAN[@]}" run -d --name boxed --ulimit host --network none nspeek-test \
			/bin/app init
}
make_box >"$WORK/podman.out" 2>"$WORK/podman.err" ||
	skip "a rootless podman container: $(tail -n 1 "$WORK/podman.err")"
TARGET=$("${PODMAN[@]}" inspect -f '{{.State.Pid}}' boxed)
await_program "$TARGET" app
BOUND=$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")
target_before "$TARGET"

# ids_are WANTED OPTION...: run by root and by the user.
ids_are() {
	local wanted=$1
	shift
	expect_status 0 "$NSPEEK" "$@" "$TARGET" app id
	assert_eq "$OUT" "$wanted" "the ids with $*, by root"
	expect_status 0 "${AS_USER[@]}" "$NSPEEK" "$@" "$TARGET" app id
	assert_eq "$OUT" "$wanted" "the ids with $*, by the user"
}

caps_are() {
	local permitted=$1 bounding=$2 runner
	shift 2
	for runner in env "${AS_USER[*]}"; do
		# shellcheck disable=SC2086
		expect_status 0 $runner "$NSPEEK" "$@" "$TARGET" app caps
		assert_contains "$OUT"$'\n' "permitted $permitted"$'\n'
		assert_contains "$OUT"$'\n' "effective $permitted"$'\n'
		assert_contains "$OUT"$'\n' "bounding $bounding"$'\n'
	done
}

refused() {
	expect_status 125 "${AS_USER[@]}" "$NSPEEK" "${@:2}" "$TARGET" app id
	assert_one_error "$1"
}

ids_are "uid=0,0,0 gid=0,0,0 groups="
assert_eq "$ERR" "" "stderr"
ids_are "uid=1000,1000,1000 gid=1001,1001,1001 groups=" -S 1000
ids_are "uid=65536,65536,65536 gid=0,0,0 groups=" -S 65536
ids_are "uid=1000,1000,1000 gid=5,5,5 groups=7,8" -S 1000 -G 5 --groups=8,7
ids_are "uid=1000,1000,1000 gid=1001,1001,1001 groups=33,1001" --as app
assert_contains "$ERR" "warning: 1 groups of app are left out"
ids_are "uid=1000,1000,1000 gid=33,33,33 groups=33" --as app:web
assert_eq "$ERR" "" "stderr"
ids_are "uid=0,0,0 gid=0,0,0 groups=" --groups=target
refused "uid 65537 is not mapped" -S 65537
assert_contains "$ERR" "hint: mapped there are: 0, 1-65536"
refused "uid 70000 is not mapped" --as high
refused "gid 70000 is not mapped" --as app:high
refused "gid 65537 is not mapped" --groups=1,65537

caps_are "$BOUND" "$BOUND"
caps_are "$NONE" "$BOUND" --as app
caps_are 0000000000202000 0000000000202000 --as app --caps=net_raw,sys_admin
caps_are 0000000000202000 0000000000202000 --caps=net_raw,sys_admin
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --as app --wd=/etc "$TARGET" app pwd
assert_eq "$OUT" /etc
expect_status 0 "${AS_USER[@]}" "$NSPEEK" --as app "$TARGET" app printenv
assert_contains "$OUT" HOME=/srv/app
assert_contains "$OUT" container=podman
# The user's signals reach who is another one outside.
start command "${AS_USER[@]}" "$NSPEEK" --as app "$TARGET" app init
await_line "$WORK/command.out" '^READY'
kill -TERM "$STARTED"
wait "$STARTED" 2>/dev/null
assert_eq $? 143 "the status of a command that was ended"
target_after "$TARGET"
passed
