#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --as-target where not all can be copied: sets of capabilities and ids that no execve leaves, what
# nspeek itself may not, and what the kernel does not show. Each is said by name, and the command
# never has more power than the target.
. "$(dirname "$0")/../support/lib.sh"
. "$SUPPORT/confined.sh"

need_root
need_tool unshare setpriv strace
make_root "$WORK/root"

# command_has KEY VALUE: a line of the command's status.
command_has() {
	grep -qE "^$1:[[:space:]]+$2\$" "$WORK/command" ||
		fail "no '$1 $2' of the command: $(grep "^$1" "$WORK/command")"
}

warned() {
	local part
	for part in "$@"; do
		[[ $WARNED =~ warning:\ (perhaps\ )?not\ copied:\ [^$'\n']*$part ]] ||
			fail "no warning of '$part': $WARNED"
	done
}

# Root that has given up capabilities, but not the bounding set, from which execve would give them
# back: the command's is lowered.
start_shaped -- shed 21 21 0 probe-init
probe_as
same '^CapBnd'
command_has CapBnd 0000000000000021
warned "bounding capability set"
assert_eq "$(printf '%s\n' "$WARNED" | wc -l)" 1 "warnings"
finish "$STARTED"
# As root that has some only permitted.
start_shaped -- shed 21 1 0 probe-init
probe_as
command_has CapEff 0000000000000001
command_has CapPrm 0000000000000001
warned "bounding capability set" "permitted capability set"
finish "$STARTED"
# With no_new_privs execve gives nothing back: exact.
start_shaped -- no-new-privs shed 21 21 0 probe-init
probe_as
same '^$'
assert_eq "$WARNED" "" "warnings"
finish "$STARTED"
# Another uid that has kept some: execve drops all but the ambient ones.
start_shaped -- keep-caps setres 5 5 5 shed 21 21 0 probe-init
probe_as
same '^Cap(Inh|Amb)|^securebits'
command_has CapInh 0000000000000021
command_has CapAmb 0000000000000021
warned "inheritable capability set" "ambient capability set"
finish "$STARTED"
# And one that could raise what it does not have in effect.
start_shaped -- keep-caps setres 5 5 5 shed 21 0 20 probe-init
probe_as
same '^CapPrm|^securebits|^capset:' # which could raise it
command_has CapPrm 0000000000000000
warned "permitted capability set"
finish "$STARTED"

# Ids that differ among themselves.
start_shaped -- setres 0 5 7 probe-init
probe_as
command_has Uid "0[[:space:]]5[[:space:]]5[[:space:]]5"
same '^[UG]id:|^setuid: '
warned "saved uid 7" "saved gid 7"
finish "$STARTED"
start_shaped -- no-new-privs setres 6 5 5 probe-init
probe_as
warned "effective uid 5"
command_has CapPrm 0000000000000000
finish "$STARTED"

# What nspeek does not have itself.
start_shaped -- probe-init
probe_as setpriv --bounding-set=-net_raw,-sys_boot
warned "that nspeek does not have: cap_net_raw,cap_sys_boot"
assert_contains "$OUT" "raw-socket: EPERM"
assert_contains "$OUT" "reboot: EPERM"
assert_contains "$OUT" "chown: ok"
probe_as setpriv --no-new-privs
warned "nspeek itself has no_new_privs"
command_has NoNewPrivs 1
# shellcheck disable=SC2016
probe_as setpriv --bounding-set=-sys_resource bash -c 'ulimit -Hc 1000; ulimit -Sn 400; ulimit -Hn 500; exec "$@"' bash
warned "limit RLIMIT_CORE, unlimited for the target and 1024000 for the command" "limit RLIMIT_NOFILE"
assert_matches "$OUT" "Max core file size +[0-9]+ +1024000 "
assert_matches "$OUT" "Max open files +[0-9]+ +500 "
# shellcheck disable=SC2016
probe_as bash -c 'echo 300 >/proc/self/oom_score_adj; exec "$@"' bash
same '^$'
probe_as setpriv --bounding-set=-sys_nice nice -n 9
warned "the nice value"
probe_as "$FIXTURES/deny" uselib=ENOSYS --
assert_lacks "$WARNED" "seccomp"
probe_as "$FIXTURES/deny" landlock_create_ruleset=ENOSYS --
assert_lacks "$ERR" "Landlock"
finish "$STARTED"
# Filters that cannot be read: by whom or what is said.
start_shaped -- filter swapon=errno38 probe-init
probe_as "$FIXTURES/deny" uselib=ENOSYS --
warned "seccomp filters: they cannot be read by nspeek, which is under a filter itself"
command_has Seccomp 2
strace -qq -o /dev/null -p "$TARGET" &
TRACER=$!
is_traced() {
	[ "$(awk '/^TracerPid/ { print $2 }' "/proc/$TARGET/status")" != 0 ]
}
retry 10 is_traced
expect_status 0 "$NSPEEK" --as-target "$TARGET" -- /bin/app exit 0
assert_matches "$ERR" "not copied: seccomp filters: .* process $TRACER traces the target"
kill -KILL "$TRACER"
wait "$TRACER" 2>/dev/null
finish "$STARTED"

# What an ordinary user may not.
make_user
need_user_namespaces
cp "$FIXTURES/container" "$WORK/app"
cp "$FIXTURES/deny" "$WORK/deny"
as_user=(setpriv --reuid "$TEST_UID" --regid "$TEST_GID")
start rootless "${as_user[@]}" --groups=5,6 unshare -Ur --pid --mount-proc --fork --kill-child \
	"$WORK/app" filter swapon=errno38 probe-init
await_line "$WORK/rootless.out" '^READY'
await_child "$STARTED"
TARGET=$CHILD
sed '/^READY/d' "$WORK/rootless.out" >"$WORK/target"
target_before "$TARGET"
for groups in --groups=5,6 --groups=6,5 --clear-groups root; do
	who=("${as_user[@]}" "$groups")
	[ "$groups" != root ] || who=(setpriv --groups=7,8)
	expect_status 0 "${who[@]}" "$NSPEEK" --as-target "$TARGET" -- "$WORK/app" probe
	WARNED=$(printf '%s\n' "$ERR" | grep -vE "$ALWAYS")
	printf '%s\n' "$OUT" >"$WORK/command"
	case $groups in
	root)
		same '^$'
		assert_eq "$WARNED" "" "warnings"
		;;
	--clear-groups)
		same '^Groups:|^Seccomp|^swapon'
		warned "supplementary groups, 2 of them .* the command has 0" "CAP_SYS_ADMIN in the initial"
		;;
	*)
		same '^Seccomp|^swapon'
		warned "seccomp filters: reading them needs CAP_SYS_ADMIN in the initial user namespace"
		;;
	esac
done
target_after "$TARGET"
# Ids that are mapped nowhere inside.
start unmapped "${as_user[@]}" --clear-groups unshare -U --pid --fork --kill-child "$WORK/app" init
await_line "$WORK/unmapped.out" '^READY'
await_child "$STARTED"
TARGET=$CHILD
target_before "$TARGET"
expect_status 0 "${as_user[@]}" --clear-groups "$NSPEEK" --as-target "$TARGET" -- "$WORK/app" id
assert_contains "$OUT" "uid=65534,65534,65534"
expect_status 125 "$NSPEEK" --as-target "$TARGET" -- "$WORK/app" id
assert_contains "$ERR" "the ids of process $TARGET"
target_after "$TARGET"

# What makes no sense.
start_shaped -- probe-init
expect_status 125 "$NSPEEK" --as-target -n "$TARGET" -- true
assert_one_error "--as-target needs the mount namespace"
expect_status 125 "$NSPEEK" --as-target --privileged "$TARGET" -- true
assert_one_error "leaves no choice"
expect_status 125 "$NSPEEK" --as-target "--net=/proc/$TARGET/ns/net" -- true
assert_one_error "needs a TARGET"
passed
