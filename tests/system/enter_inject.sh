#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `enter_inject.sh KIND`: inject mode: the container's files at "/", the host's tools added to PATH.
# KINDs: demo (its own user namespace), rootful (without one, and with a few files).
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox gdb strace python3 curl gcc pivot_root
APP=/bin/app
ROOT=$WORK/root
if [ "$1" = demo ]; then
	start_demo
	await_program "$TARGET" app
else
	make_root "$ROOT"
	add_busybox "$ROOT"
	mkdir -p "$ROOT/srv/deep" "$ROOT/usr/bin"
	ln -s usr/lib "$ROOT/lib"
	mkfifo "$ROOT/fifo"
	printf '#!/bin/busybox sh\necho theirs\n' >"$ROOT/usr/bin/strace"
	chmod 755 "$ROOT/usr/bin/strace"
	echo 'void __attribute__((constructor)) f(void){ __builtin_puts("EVIL"); }' |
		gcc -shared -fPIC -x c - -o "$ROOT/srv/evil.so" || fail "gcc"
	printf '/srv/evil.so\n' >"$ROOT/srv/preload"
	ln -s ../srv/preload "$ROOT/etc/ld.so.preload"
	# The root of its mount namespace, as a container has it. What /proc calls a program is right then.
	# shellcheck disable=SC2016
	start_unshare --mount --pid --uts --fork -- env -i PATH=/bin:/usr/bin KEPT=1 PYTHONPATH=/srv \
		"$(command -v setpriv)" --bounding-set=-net_raw,-sys_time "$BASH" -c \
		'mount --bind "$0" "$0" && cd "$0" && "$2" . . && exec /bin/busybox sh -c "$1"' "$ROOT" \
		'cd / && /bin/busybox umount -l . && /bin/busybox mount -t proc none /proc &&
		cd /srv/deep && LD_PRELOAD=/srv/evil.so exec /bin/app threads 4' "$(command -v pivot_root)"
	await_program "$TARGET" app
fi
target_before "$TARGET"
BOUND=$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")

inject() {
	expect_status 0 "$NSPEEK" --tools=inject "$TARGET" -- "$@"
	assert_lacks "$OUT" EVIL
}

# The container's root, and what is added.
expect_status 0 "$NSPEEK" --tools=never "$TARGET" -- "$APP" ls /
theirs=$(printf '%s\n' "$OUT" .nspeek | sort)
inject "$APP" ls /
assert_eq "$(printf '%s\n' "$OUT" | sort)" "$theirs" "the root"
inject ls -ld /.nspeek/bin/ls
inject stat -c '%u %g %a' /
assert_eq "$OUT" "$(stat -Lc '%u %g %a' "/proc/$TARGET/root" | sed 's/^10*0\b/0/; s/ 10*0 / 0 /')" "who owns /"
for place in / /.nspeek /.nspeek/bin /.nspeek/host /.nspeek/host/usr /.nspeek/trampoline; do
	expect_status 1 "$NSPEEK" --tools=inject "$TARGET" -- bash -c \
		'if [ -d "$0" ]; then : >"$0/x"; else : >>"$0"; fi' "$place"
	assert_matches "$ERR" "(Read-only file system|Permission denied)"
done
inject sh -c 'echo seen >/tmp/by-a-tool'
expect_status 0 "$NSPEEK" --tools=never "$TARGET" -- "$APP" cat /tmp/by-a-tool
assert_eq "$OUT" seen "what a tool wrote to the container's /tmp"

# Who one is: a program of the container, whichever program it is.
inject grep -E '^Cap(Eff|Bnd|Prm)' /proc/self/status
assert_eq "$(printf '%s\n' "$OUT" | awk '{ print $2 }' | sort -u)" "$BOUND" "capabilities"
inject readlink /proc/self/ns/user
assert_eq "$OUT" "$(readlink "/proc/$TARGET/ns/user")" "the user namespace"
inject bash -c 'echo $PATH'
assert_matches "$OUT" '^/bin.*:/\.nspeek/bin$'

# Tools at work.
inject bash -c 'ls /bin; echo $BASH_VERSION'
assert_contains "$OUT" app
inject gdb -nx -batch -p 1 -ex 'thread apply all bt'
assert_contains "$OUT" accept_connections
assert_lacks "$OUT$ERR" "Python"
inject gdb -nx -batch -ex 'python import gdb; print("py", 6 * 7)'
assert_contains "$OUT" "py 42"
inject python3 -c 'import sys, json, ssl, ctypes, subprocess
print(json.dumps(sys.prefix), subprocess.run([sys.executable, "-c", "print(40 + 2)"], capture_output=True).stdout)'
assert_eq "$OUT" "\"/.nspeek\" b'42\\n'" python3
inject curl --version
assert_contains "$OUT" "curl "
expect_status 7 "$NSPEEK" --tools=inject "$TARGET" -- curl -sS http://127.0.0.1:9/
inject tput -T xterm clear
if [ -L /etc/alternatives/vi ]; then
	inject vi -es -u NONE +q
	inject vi --version
	assert_contains "$OUT" VIM
fi
# A script of the host, with words after its interpreter.
inject ldd --version
assert_contains "$OUT" "ldd "
# A login shell's name stays.
inject bash -c 'exec -a -name bash -c "echo \$0; shopt login_shell"' || true
assert_contains "$OUT" "login_shell"
expect_status 127 "$NSPEEK" --tools=inject "$TARGET" -- no-such-tool
assert_one_error "no-such-tool" "/.nspeek/bin"
expect_status 9 "$NSPEEK" --tools=inject "$TARGET" -- bash -c 'exit 9'

if [ "$1" = demo ]; then
	expect_status 124 "$NSPEEK" --tools=inject "$TARGET" -- timeout 1 strace -f -p 1
	assert_contains "$ERR" "attached with 5 threads"
	# Without a shell of its own, it gets one of the host's.
	printf 'echo $0; exit 4\n' >"$WORK/script"
	# shellcheck disable=SC2016
	expect_status 4 env SHELL=/bin/bash bash -c '"$0" --tools=inject "$1" <"$2"' "$NSPEEK" "$TARGET" "$WORK/script"
	assert_eq "$OUT" bash "the shell"
else
	# The container's own come first, and nothing of its environment loads code into a tool.
	inject strace
	assert_eq "$OUT" theirs "a program that both have"
	inject env
	assert_contains "$OUT" KEPT=1
	assert_lacks "$OUT" LD_PRELOAD
	assert_lacks "$OUT" PYTHONPATH
	inject pwd
	assert_eq "$OUT" /srv/deep "the working directory"
	inject cat /etc/ld.so.preload
	assert_eq "$OUT" "" "ld.so.preload"
	expect_status 0 "$NSPEEK" --tools=never "$TARGET" -- /bin/busybox cat /etc/ld.so.preload
	assert_eq "$OUT" /srv/evil.so "the container's ld.so.preload"
	inject readlink /lib
	assert_eq "$OUT" usr/lib "a link in the root"
	# A root that nobody could copy.
	mkdir "$ROOT/many" && rmdir "$ROOT/many"
	for ((i = 0; i < 1100; i++)); do : >"$ROOT/entry$i"; done
	expect_status 125 "$NSPEEK" --tools=inject "$TARGET" -- true
	assert_one_error "more than 1024 entries"
	rm "$ROOT"/entry*
	rm "$ROOT/etc/ld.so.preload"
	mkfifo "$ROOT/etc/ld.so.preload"
	RUN_SECONDS=10 inject ls /
fi
target_after "$TARGET"

# A /proc that shows another PID namespace would have gdb take one process for another.
if [ "$1" = demo ]; then
	finish "$STARTED"
	start_unshare --mount --pid --uts --fork -- "$FIXTURES/container" init
	target_before "$TARGET"
	RUN_SECONDS=20 expect_status 0 "$NSPEEK" --tools=inject "$TARGET" -- gdb -nx -batch -p 1 -ex bt
	assert_contains "$OUT" verb_init
	inject readlink /proc/1/ns/pid
	assert_eq "$OUT" "$(readlink "/proc/$TARGET/ns/pid")" "the PID namespace of /proc/1"
	if "$FIXTURES/deny" uselib=ENOSYS -- true 2>/dev/null; then
		expect_status 0 "$FIXTURES/deny" fsconfig-fd=EINVAL -- "$NSPEEK" --tools=inject "$TARGET" -- true
		assert_contains "$ERR" "warning: /proc does not show the container's processes"
	fi
	target_after "$TARGET"
fi
passed
