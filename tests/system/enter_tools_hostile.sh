#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a container may plant or look at while a program of the host runs in it, in the tools view.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox python3 setpriv gcc
ROOT=$WORK/root
make_root "$ROOT"
add_busybox "$ROOT"
mkdir -p "$ROOT/srv"

is_over() {
	! kill -0 "$1" 2>/dev/null || [ "$(state_of "$1")" = Z ]
}

# --- Code that waits to be loaded.
printf 'print("EVIL")\n' | tee "$ROOT/srv/json.py" "$ROOT/srv/sitecustomize.py" "$ROOT/json.py" >/dev/null
printf 'echo EVIL\n' >"$ROOT/srv/evil.sh"
cp "$ROOT/srv/evil.sh" "$ROOT/root.sh"
echo 'void __attribute__((constructor)) f(void){ __builtin_puts("EVIL"); }' |
	gcc -shared -fPIC -x c - -o "$ROOT/srv/evil.so" || fail "gcc"
printf '/srv/evil.so\n' >"$ROOT/etc/ld.so.preload"
mkdir -p "$ROOT/etc/gdb" "$ROOT/root"
printf 'echo EVIL\n' | tee "$ROOT/srv/.gdbinit" "$ROOT/root/.gdbinit" "$ROOT/etc/gdb/gdbinit" >/dev/null
printf 'echo EVIL\n' | tee "$ROOT/root/.bashrc" "$ROOT/etc/bash.bashrc" "$ROOT/etc/profile" >/dev/null
start_unshare --mount --pid --uts --net --fork -- env -i PATH=/bin:/srv LD_PRELOAD=/srv/evil.so \
	LD_LIBRARY_PATH=/srv PYTHONPATH=/srv PYTHONSTARTUP=/srv/evil.sh BASH_ENV=/srv/evil.sh \
	ENV=/srv/evil.sh HOME=/srv SHELL=/srv/evil.sh GCONV_PATH=/srv PERL5LIB=/srv "PS4=\$(echo EVIL)" \
	"BASH_FUNC_ls%%=() { echo EVIL; }" "PROMPT_COMMAND=echo EVIL" \
	/bin/sh -c 'unset LD_PRELOAD; exec "$@"' sh "$(command -v chroot)" "$ROOT" /bin/busybox sh -c \
	'cd /srv && LD_PRELOAD=/srv/evil.so exec /bin/app init'
target_before "$TARGET"
assert_contains "$(tr '\0' '\n' <"/proc/$TARGET/environ")" LD_PRELOAD
tool() {
	expect_status 0 env LD_PRELOAD="$1" PYTHONPATH=/run/target/srv BASH_ENV=/run/target/srv/evil.sh \
		ENV=/run/target/srv/evil.sh "$NSPEEK" "$TARGET" -- "${@:2}"
	assert_lacks "$OUT$ERR" EVIL
}
for preload in "" /run/target/srv/evil.so; do
	tool "$preload" python3 -c 'import json; print(json.__file__)'
	assert_contains "$OUT" /usr/lib
	tool "$preload" bash -c 'ls /'
	tool "$preload" bash -ic 'ls /'
	tool "$preload" bash -xc ':'
	tool "$preload" sh -ic ':'
	tool "$preload" gdb -batch -ex 'show version'
	tool "$preload" env
	assert_lacks "$OUT" srv
done

# --- What the container sees of the command.
start command "$NSPEEK" "$TARGET" -- sleep 1000
await_line "$WORK/command.err" "warning: processes of the container can trace the command"
sees_sleep() {
	has_command "$STARTED" sleep && inside=$(awk '/^NSpid/ { print $NF }' "/proc/$CHILD/status" 2>/dev/null)
}
retry 10 sees_sleep || fail "the command never ran"
nsenter --mount="/proc/$TARGET/ns/mnt" --pid="/proc/$TARGET/ns/pid" mount -t proc none "$ROOT/proc" ||
	fail "mounting the container's /proc"
# container WORDS...: as a process of the container, with its capabilities.
container() {
	run "$NSPEEK" --tools=never "$TARGET" -- /bin/busybox "$@"
}
container ls "/proc/$inside/root/usr/bin"
assert_contains "$OUT" bash
container ls "/proc/$inside/root/"
assert_eq "$(printf '%s\n' "$OUT" | grep -vxE 'lib32|libx32|lib64' | tr '\n' ' ')" \
	"bin dev etc lib proc root run sbin sys tmp usr " "the root, seen from the container"
for hidden in etc/shadow etc/gshadow etc/ssh etc/ssl/private etc/sudoers home var boot opt "root/.bashrc" \
	"${WORK#/}" "../home" "../../etc/shadow" "run/target/../../home" mnt; do
	container ls -d "/proc/$inside/root/$hidden"
	assert_ne "$STATUS" 0 "what ls says of $hidden"
done
for place in "" usr usr/bin etc dev root usr/local etc/alternatives; do
	container touch "/proc/$inside/root/$place/planted"
	assert_ne "$STATUS" 0 "touch in $place"
	assert_contains "$ERR" "Read-only file system"
done
container find "/proc/$inside/root/dev" -type b
assert_eq "$OUT" "" "block devices"
container ls -l "/proc/$inside/fd" "/proc/$inside/cwd"
assert_lacks "$OUT" "$WORK/bundle"
container ls "/proc/$inside/fd"
assert_eq "$(printf '%s\n' "$OUT" | tr '\n' ' ')" "0 1 2 " "its fds"
container tr '\0' '\n' "/proc/$inside/environ"
kill -TERM "$STARTED"
wait "$STARTED" 2>/dev/null
nsenter --mount="/proc/$TARGET/ns/mnt" umount "$ROOT/proc"
target_after "$TARGET"

# --- Names that lead out.
nsenter --mount="/proc/$TARGET/ns/mnt" --pid="/proc/$TARGET/ns/pid" mount -t proc none "$ROOT/proc"
target_before "$TARGET"
resolves_to() {
	rm -rf "$ROOT/etc/resolv.conf"
	ln -s "$1" "$ROOT/etc/resolv.conf"
	RUN_SECONDS=20 run "$NSPEEK" --tools=host "$TARGET" -- cat /etc/resolv.conf
	assert_eq "$OUT" "$2" "resolv.conf -> $1"
	assert_lacks "$OUT$ERR" root:
}
printf 'theirs\n' >"$ROOT/etc/inner"
resolves_to /etc/inner theirs
resolves_to ../../../../../../etc/inner theirs
resolves_to /../../etc/./inner theirs
resolves_to /etc/shadow ""
resolves_to ../../../../../etc/shadow ""
resolves_to /proc/1/root/etc/inner ""
resolves_to "/proc/self/root/etc/shadow" ""
resolves_to /proc/self/cwd/etc/passwd ""
resolves_to /proc/kmsg ""
resolves_to /proc/1/status ""
resolves_to resolv.conf ""
resolves_to /etc ""
mkfifo "$ROOT/etc/fifo"
resolves_to fifo ""
truncate -s 1G "$ROOT/etc/huge"
resolves_to huge ""
mknod "$ROOT/etc/zero" c 1 5
resolves_to zero ""
rm "$ROOT/etc/resolv.conf"
mkfifo "$ROOT/etc/resolv.conf"
RUN_SECONDS=20 expect_status 1 "$NSPEEK" --tools=host "$TARGET" -- cat /etc/resolv.conf
# A /sys that is none.
for sys in link file fifo dir; do
	rm -rf "${ROOT:?}/sys"
	case $sys in
	link) ln -s /etc "$ROOT/sys" ;;
	file) echo theirs >"$ROOT/sys" ;;
	fifo) mkfifo "$ROOT/sys" ;;
	dir) mkdir "$ROOT/sys" && echo theirs >"$ROOT/sys/planted" ;;
	esac
	RUN_SECONDS=20 expect_status 0 "$NSPEEK" --tools=host "$TARGET" -- ls /sys
	assert_lacks "$OUT" inner
	assert_lacks "$OUT" planted
	assert_contains "$OUT" kernel
done
# Links at the top of its root do not change what the view is made of.
for name in usr bin etc run tmp dev; do
	mkdir -p "$WORK/aside"
	[ "$name" = bin ] || { mv "$ROOT/$name" "$WORK/aside/" && ln -s /srv "$ROOT/$name"; }
done
expect_status 0 "$NSPEEK" --tools=host "$TARGET" -- bash -c 'cat /run/target/srv/evil.sh; ls -d /usr/bin/env'
assert_eq "$OUT" "echo EVIL"$'\n'/usr/bin/env "the container's files"
for name in usr etc run tmp dev; do
	rm "$ROOT/$name" && mv "$WORK/aside/$name" "$ROOT/"
done
target_after "$TARGET"
finish "$STARTED"

# --- With the capabilities that a plain container has: nothing to see, and no warning.
start_unshare --mount --pid --uts --fork -- setpriv --inh-caps=-all \
	--bounding-set=-all,+chown,+dac_override,+fowner,+kill,+setuid,+setgid,+mknod,+sys_chroot \
	"$(command -v chroot)" "$ROOT" /bin/app init
nsenter --mount="/proc/$TARGET/ns/mnt" --pid="/proc/$TARGET/ns/pid" mount -t proc none "$ROOT/proc"
target_before "$TARGET"
start command "$NSPEEK" "$TARGET" -- sleep 1000
retry 10 sees_sleep || fail "the command never ran"
assert_lacks "$(cat "$WORK/command.err")" warning
for place in root/ cwd/ fd/0 environ mem ns/mnt; do
	container ls "/proc/$inside/$place"
	container cat "/proc/$inside/$place"
	assert_ne "$STATUS" 0 "cat of $place"
	assert_matches "$ERR" "(Permission denied|Operation not permitted)"
done
kill -TERM "$STARTED"
wait "$STARTED" 2>/dev/null
target_after "$TARGET"

# --- Mounts that propagate, or cannot be copied.
start_unshare --mount --propagation shared --pid --fork -- /bin/sh -c \
	"mount --bind '$ROOT' '$ROOT' && mount --make-shared '$ROOT' && exec '$(command -v chroot)' '$ROOT' /bin/app init"
target_before "$TARGET"
expect_status 0 "$NSPEEK" --tools=host "$TARGET" -- bash -c \
	'grep -c shared: /proc/self/mountinfo; mount -t tmpfs none /run/target/srv && ls -A /run/target/srv'
assert_eq "$OUT" 0 "mounts that propagate"
target_after "$TARGET"
start_unshare --mount --pid --fork -- /bin/sh -c \
	"mount --bind '$ROOT' '$ROOT' && mount --make-unbindable '$ROOT' && exec '$(command -v chroot)' '$ROOT' /bin/app init"
target_before "$TARGET"
expect_status 0 "$NSPEEK" --tools=host "$TARGET" -- bash -c 'ls -A /run/target; ps -p 1 -o comm='
assert_eq "$OUT" app "PID 1, without the container's files"
assert_contains "$ERR" "warning: the container's files cannot be shown"
target_after "$TARGET"

# --- A file system that never answers.
if [ -c /dev/fuse ]; then
	start_unshare --mount --pid --fork -- "$ROOT/bin/app" mute "$ROOT/etc" straddle "$ROOT" init
	target_before "$TARGET"
	begin=$SECONDS
	RUN_SECONDS=30 expect_status 0 "$NSPEEK" --tools=host "$TARGET" -- bash -c 'ls -A /run/target | head -n 1; ps -p 1 -o comm='
	((SECONDS - begin < 10)) || fail "it took $((SECONDS - begin)) seconds"
	assert_contains "$ERR" "do not answer"
	assert_contains "$OUT" app
	# A search there is ended by a signal.
	"$NSPEEK" "$TARGET" </dev/null >"$WORK/held.out" 2>&1 &
	HELD=$!
	sleep 0.5
	kill -TERM "$HELD"
	retry 5 is_over "$HELD" || fail "nspeek hangs with the container's file system"
	target_after "$TARGET"
fi
passed
