#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `enter_tools.sh KIND`: programs of the host in the tools view of a container that has nothing but
# one static program: what they see, who they are, and that they work unmodified. KINDs: demo (all
# namespaces, the user namespace too), rootful (no user namespace), chroot (no namespace at all).
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool gdb strace python3 ps ss
KIND=$1
APP=/bin/app
case $KIND in
demo)
	start_demo
	;;
rootful)
	make_root "$WORK/root"
	printf 'nameserver 192.0.2.7\n' >"$WORK/root/etc/resolv.conf"
	ln -s zone "$WORK/root/etc/localtime"
	printf 'no zone\n' >"$WORK/root/etc/zone"
	start_unshare --mount --pid --uts --net --ipc --fork -- \
		env -i PATH=/bin LD_PRELOAD_OF_THEIRS=1 "$(command -v setpriv)" \
		--bounding-set=-sys_ptrace,-sys_admin "$(command -v chroot)" "$WORK/root" "$APP" threads 4
	;;
chroot)
	make_root "$WORK/root"
	start chroot env -i PATH=/bin "$(command -v setpriv)" --bounding-set=-sys_ptrace \
		"$(command -v chroot)" "$WORK/root" "$APP" threads 4
	TARGET=$STARTED
	await_line "$WORK/chroot.out" READY
	;;
esac
await_program "$TARGET" app
target_before "$TARGET"

view() {
	expect_status 0 "$NSPEEK" --tools=host "$TARGET" -- "$@"
}

# What is there, and no more.
view ls /
assert_eq "$(printf '%s\n' "$OUT" | grep -vxE 'lib32|libx32|lib64' | tr '\n' ' ')" \
	"bin dev etc lib proc root run sbin sys tmp usr " "the root"
view ls -A /root /tmp
assert_eq "$(printf '%s\n' "$OUT" | tr '\n' ' ')" "/root:  /tmp: " "what is empty"
view ls /run
assert_eq "$OUT" target "/run"
view ls /run/target
assert_contains "$OUT" bin
view ls /run/target/bin
assert_eq "$OUT" app "the container's files"
view bash -c 'for f in /dev/*; do [ -b "$f" ] && echo "$f"; done; echo /dev/[a-z]*'
assert_eq "$OUT" "/dev/fd /dev/full /dev/null /dev/ptmx /dev/pts /dev/random /dev/shm /dev/stderr /dev/stdin /dev/stdout /dev/tty /dev/urandom /dev/zero" "devices"
view bash -c 'echo x >/dev/null && head -c 3 /dev/urandom | wc -c && python3 -c "import os; os.openpty(); print(8)"'
assert_eq "$OUT" "3"$'\n'8 "devices at work"
for hidden in /etc/shadow /etc/gshadow /etc/ssh /etc/ssl/private /etc/sudoers /etc/fstab /home /var \
	/boot /opt /srv "$WORK" /root/.bashrc /sys/fs/cgroup/nothing; do
	expect_status 2 "$NSPEEK" --tools=host "$TARGET" -- ls "$hidden"
done
for shown in /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache /etc/alternatives; do
	[ ! -e "$shown" ] || view ls "$shown"
done

# Nothing of it can be written but what is meant to be.
for place in / /usr /etc /etc/passwd /usr/bin /root /dev; do
	expect_status 1 "$NSPEEK" --tools=host "$TARGET" -- bash -c \
		'if [ -d "$0" ]; then : >"$0/x"; else : >>"$0"; fi' "$place"
	assert_contains "$ERR" "Read-only file system"
done
view bash -c 'for d in /tmp /run /dev/shm; do echo kept >$d/x && cat $d/x; done'
assert_eq "$OUT" "kept"$'\n'"kept"$'\n'"kept" "what is writable"
expect_status 1 "$NSPEEK" --tools=host "$TARGET" -- dd if=/dev/zero of=/tmp/x bs=1M count=300 status=none
assert_contains "$ERR" "No space left"
# The host's mounts are read-only, nosuid and nodev, the container's nosuid and nodev.
view cat /proc/self/mountinfo
assert_eq "$(printf '%s\n' "$OUT" | awk '$5 ~ /^\/(usr|etc)/ && $6 !~ /^ro,nosuid,nodev/')" "" \
	"host mounts that are not read-only"
assert_eq "$(printf '%s\n' "$OUT" | awk '$5 ~ /^\/run\/target/ && $6 !~ /nosuid,nodev/')" "" \
	"container mounts that are not nosuid,nodev"
assert_eq "$(printf '%s\n' "$OUT" | grep -E 'shared:|master:')" "" "mounts that propagate"
(($(printf '%s\n' "$OUT" | wc -l) < 60)) || fail "too many mounts: $OUT"

# Who one is: as outside, but for the namespaces.
OURS=$(awk '/^CapEff/ { print $2 }' /proc/self/status)
view "$(command -v cat)" /proc/self/status
assert_contains "$OUT" "CapEff:"$'\t'"$OURS"
assert_contains "$OUT" "CapBnd:"$'\t'"$(awk '/^CapBnd/ { print $2 }' /proc/self/status)"
assert_contains "$OUT" "Uid:"$'\t'"0"$'\t'"0"
view readlink /proc/self/ns/user
assert_eq "$OUT" "$(readlink /proc/self/ns/user)" "the user namespace"
for type in cgroup ipc net pid time uts; do
	view readlink "/proc/self/ns/$type"
	assert_eq "$OUT" "$(readlink "/proc/$TARGET/ns/$type")" "the $type namespace"
done
view readlink /proc/self/ns/mnt
assert_ne "$OUT" "$(readlink "/proc/$TARGET/ns/mnt")" "the mount namespace"
assert_ne "$OUT" "$(readlink /proc/self/ns/mnt)" "the mount namespace"

# The environment, PATH and cwd.
PATH=/root/bin:/nowhere:$PATH LANG=C.UTF-8 SECRET=x LD_BIND_NOW=1 PYTHONPATH=/x TERM=vt100 view env
assert_eq "$(printf '%s\n' "$OUT" | cut -d= -f1 | sort | tr '\n' ' ')" "HOME LANG LC_ALL PATH TERM " \
	"the environment"
assert_lacks "$OUT" /root/bin
assert_lacks "$OUT" nowhere
assert_contains "$OUT" HOME=/root
view pwd
assert_eq "$OUT" / "the working directory"
(umask 027 && expect_status 0 "$NSPEEK" --tools=host "$TARGET" -- bash -c 'umask; ls -ld /run' &&
	assert_contains "$OUT" 0027 && assert_contains "$OUT" drwxr-xr-x) || exit 1

# What of the container's it sees.
if [ "$KIND" = rootful ]; then
	view cat /etc/resolv.conf
	assert_eq "$OUT" "nameserver 192.0.2.7" "resolv.conf"
	view cat /etc/localtime
	assert_eq "$OUT" "no zone" "localtime"
	expect_status 1 "$NSPEEK" --tools=host "$TARGET" -- cat /etc/hosts
fi
if [ "$KIND" = chroot ]; then
	NS_PID=$TARGET
else
	NS_PID=1
	view ps -eo pid=,comm=
	assert_matches "$(printf '%s\n' "$OUT" | head -n 1)" "^ *1 app$"
	assert_eq "$(printf '%s\n' "$OUT" | wc -l)" 3 "processes seen"
	# No device of the host is seen: its network is the container's.
	view ls /sys/class/net
	assert_eq "$(printf '%s\n' "$OUT" | grep -vE '^(lo|sit0|tunl0|ip6tnl0|gre.*|erspan0|ip_vti0|ip6_vti0|ip6gre0)$')" "" \
		"network devices in /sys"
fi

# Tools at work.
view gdb -nx -batch -p "$NS_PID" -ex 'thread apply all bt'
assert_contains "$OUT" accept_connections
assert_contains "$OUT" wait_for_work
assert_contains "$OUT" handle_requests
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^Thread ')" 5 "threads in gdb"
expect_status 124 "$NSPEEK" --tools=host "$TARGET" -- timeout 1 strace -f -p "$NS_PID"
assert_contains "$ERR" "attached with 5 threads"
view python3 -c 'import sys, json, ctypes, ssl, subprocess
print(json.dumps(sys.prefix), subprocess.run(["/bin/sh", "-c", "exit 7"]).returncode)'
assert_eq "$OUT" '"/usr" 7' python3
view ss -tln
assert_contains "$OUT" State
view bash -ic 'echo $HOME'
assert_eq "$OUT" /root "an interactive bash"
if command -v perf >/dev/null; then
	view bash -c "cd /tmp && perf record -q -e cpu-clock -p $NS_PID -- sleep 0.2 && perf report --stdio -q >/dev/null && echo done"
	assert_contains "$OUT" "done"
else
	say "perf is not installed here: not tried"
fi
if [ -L /etc/alternatives/vi ]; then
	view vi --version
fi

# It is said only by --tools=auto. With -U the user namespace is joined too.
assert_lacks "$ERR" "the host's is used"
if [ "$KIND" = demo ]; then
	expect_status 0 "$NSPEEK" --tools=host -a -U "$TARGET" -- readlink /proc/self/ns/user
	assert_eq "$OUT" "$(readlink "/proc/$TARGET/ns/user")" "the user namespace with -U"
	assert_contains "$ERR" "warning: processes of the container can trace the command"
	expect_status 0 "$NSPEEK" --tools=host -a -U "$TARGET" -- gdb -nx -batch -p 1 -ex bt
	assert_contains "$OUT" accept_connections
	# Without the PID namespace /proc is that of ours.
	expect_status 0 "$NSPEEK" --tools=host -m -n "$TARGET" -- bash -c 'readlink /proc/self/ns/pid'
	assert_eq "$OUT" "$(readlink /proc/self/ns/pid)" "the PID namespace with -m -n"
	# From files, with no target.
	expect_status 0 "$NSPEEK" --tools=host "--mount=/proc/$TARGET/ns/mnt" "--net=/proc/$TARGET/ns/net" -- \
		ls /run/target/bin
	assert_eq "$OUT" app "the files of a mount namespace from a file"
	for mode in host inject; do
		expect_status 125 "$NSPEEK" "--tools=$mode" -n "$TARGET" -- true
		assert_one_error "--tools=$mode" mount
	done
	expect_status 125 "$NSPEEK" --tools=nonsense "$TARGET" -- true
	assert_one_error nonsense auto inject
fi
expect_status 127 "$NSPEEK" --tools=host "$TARGET" -- no-such-tool
assert_contains "$ERR" "\`no-such-tool\` was not found among the host's tools: searched "
expect_status 127 "$NSPEEK" --tools=host "$TARGET" -- "$WORK/nspeek"
expect_status 127 "$NSPEEK" --tools=host "$TARGET" -- "$APP"
for status in 0 1 125 126 127; do
	expect_status "$status" "$NSPEEK" --tools=host "$TARGET" -- sh -c "exit $status"
done
expect_status 137 "$NSPEEK" --tools=host "$TARGET" -- sh -c 'kill -9 $$'
target_after "$TARGET"
passed
