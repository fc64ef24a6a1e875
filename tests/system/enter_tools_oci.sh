#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `enter_tools_oci.sh RUNTIME KIND`: programs of the host in containers of crun or runc whose root is
# read-only and holds one static program. KINDs: plain, userns, masked (its /proc hides things, it
# has a /sys and a few files).
. "$(dirname "$0")/../support/lib.sh"

need_tool gdb strace
case $2 in
plain) ;;
userns)
	BUNDLE_FILTER='.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	;;
masked)
	BUNDLE_FILTER='.mounts += [{destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"]}]
		| .linux.maskedPaths = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"]
		| .linux.readonlyPaths = ["/proc/sys", "/proc/irq"]'
	;;
esac
"start_$1" /bin/app threads 4
target_before "$TARGET"

expect_status 0 "$NSPEEK" "$TARGET" -- gdb -nx -batch -p 1 -ex 'thread apply all bt'
assert_contains "$OUT" accept_connections
assert_eq "$(printf '%s\n' "$OUT" | grep -c '^Thread ')" 5 "threads in gdb"
assert_contains "$ERR" "gdb is not in the container: the host's is used"
# It has not the power to trace: there is nothing to warn of.
assert_lacks "$ERR" "can trace the command"
expect_status 124 "$NSPEEK" "$TARGET" -- timeout 1 strace -f -p 1
assert_contains "$ERR" "attached with 5 threads"
expect_status 0 "$NSPEEK" "$TARGET" -- sh -c 'ls /run/target/bin; cat /proc/1/comm; hostname'
assert_eq "$OUT" "app"$'\n'"app"$'\n'"boxed" "files, processes, name"
expect_status 1 "$NSPEEK" "$TARGET" -- touch /run/target/new
assert_contains "$ERR" "Read-only file system"
expect_status 0 "$NSPEEK" "$TARGET" -- readlink /proc/self/ns/user
assert_eq "$OUT" "$(readlink /proc/self/ns/user)" "the user namespace"
expect_status 0 "$NSPEEK" -a -U "$TARGET" -- readlink /proc/self/ns/user
assert_eq "$OUT" "$(readlink "/proc/$TARGET/ns/user")" "the user namespace with -U"

if [ "$2" = masked ]; then
	# Our procfs is fresh; the masks of the container's stay for the container.
	expect_status 0 "$NSPEEK" "$TARGET" -- sh -c 'grep -c /proc /proc/self/mountinfo; wc -c </proc/timer_list'
	((${OUT##*$'\n'} > 0)) || fail "the view's /proc is masked"
	expect_status 0 "$NSPEEK" "$TARGET" -- app cat /proc/timer_list
	assert_eq "$OUT" "" "/proc/timer_list of the container"
	# There it is masked by a device, which nodev keeps shut.
	expect_status 1 "$NSPEEK" "$TARGET" -- cat /run/target/proc/timer_list
	assert_contains "$ERR" "Permission denied"
	# And its /sys is the container's.
	expect_status 0 "$NSPEEK" "$TARGET" -- sh -c 'ls /sys/firmware | wc -l; ls /sys/class/net'
	assert_eq "$(printf '%s\n' "$OUT" | head -n 1)" 0 "/sys/firmware"
	expect_status 0 "$NSPEEK" -v "$TARGET" -- true
	assert_lacks "$ERR" "/sys is new"
fi

# In inject mode they are programs of the container: cut to what it may do.
expect_status 0 "$NSPEEK" --tools=inject "$TARGET" -- bash -c 'app hostname; grep CapEff /proc/self/status; ls /'
assert_contains "$OUT" boxed
assert_contains "$OUT" "$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")"
for more in --tools=inject --privileged; do
	expect_status 0 "$NSPEEK" --tools=inject "$more" "$TARGET" -- gdb -nx -batch -p 1 -ex bt
	assert_contains "$OUT" accept_connections
done
target_after "$TARGET"
passed
