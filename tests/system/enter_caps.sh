#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How much power the command has: the target's, ours, or a list; as root and as another user.
. "$(dirname "$0")/../support/lib.sh"

need_tool setpriv
start_runc /bin/app init
NONE=0000000000000000
OURS=$(awk '/^CapBnd/ { print $2 }' /proc/self/status)
BOUND=$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")
LIST=0000000000281000 # net_admin, sys_ptrace, sys_admin
WORDS=net_admin,CAP_SYS_PTRACE,21
target_before "$TARGET"

# caps_are PERMITTED BOUNDING AMBIENT NO_NEW_PRIVS OPTION...: of a command with these options.
caps_are() {
	local permitted=$1 bounding=$2 ambient=$3 no_new_privs=$4
	shift 4
	expect_status 0 "${RUNNER[@]}" "$NSPEEK" "$@" "$TARGET" -- "$APP" caps
	assert_eq "$ERR" "" "stderr"
	assert_eq "$OUT" "inheritable $ambient
permitted $permitted
effective $permitted
bounding $bounding
ambient $ambient
no_new_privs $no_new_privs
seccomp $SECCOMP" "the capabilities with $*"
}

RUNNER=()
APP=/bin/app
SECCOMP=$(awk '/^Seccomp:/ { print $2 }' /proc/self/status)
[ "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$TARGET/status")" = 1 ] || fail "runc: no_new_privs"

# Root gets what it is bounded to, another user nothing.
caps_are "$BOUND" "$BOUND" "$NONE" 1
caps_are "$BOUND" "$BOUND" "$NONE" 1 --caps=target
caps_are "$BOUND" "$BOUND" "$NONE" 1 -S 0 -G 5
caps_are "$NONE" "$BOUND" "$NONE" 1 -S 1000
caps_are "$NONE" "$BOUND" "$NONE" 1 --caps=target -S 1000
# A list: all of it, to whomever; no more than it, even where the container may do more.
caps_are "$LIST" "$LIST" "$NONE" 1 --caps="$WORDS"
caps_are "$LIST" "$LIST" "$LIST" 1 --caps="$WORDS" -S 1000
caps_are "$NONE" "$NONE" "$NONE" 1 --caps=
caps_are "$NONE" "$NONE" "$NONE" 1 --caps= -S 1000
# Ours: root has them; for another user they are the bound.
caps_are "$OURS" "$OURS" "$NONE" 0 --caps=keep
caps_are "$OURS" "$OURS" "$NONE" 0 --privileged
caps_are "$NONE" "$OURS" "$NONE" 0 --privileged -S 1000
# The last one counts.
caps_are "$BOUND" "$BOUND" "$NONE" 1 --privileged --caps=target
caps_are "$OURS" "$OURS" "$NONE" 0 --caps="$WORDS" --privileged
caps_are "$LIST" "$LIST" "$NONE" 1 --caps=kill --caps="$WORDS"

# Of ours, none goes in by the inheritable or the ambient set.
RUNNER=(setpriv "--inh-caps=+net_raw,+chown" --ambient-caps=+net_raw)
caps_are "$BOUND" "$BOUND" "$NONE" 1
caps_are "$LIST" "$LIST" "$NONE" 1 --caps="$WORDS"
caps_are "$LIST" "$LIST" "$LIST" 1 --caps="$WORDS" -S 1000
caps_are "$NONE" "$OURS" "$NONE" 0 --privileged -S 1000
# What is not ours cannot be given: not in our bounding set, not permitted.
for without in "setpriv --bounding-set=-sys_ptrace,-mknod" \
	"setpriv --bounding-set=-sys_ptrace,-mknod --inh-caps=-all --no-new-privs"; do
	read -r -a RUNNER <<<"$without"
	expect_status 125 "${RUNNER[@]}" "$NSPEEK" --caps="$WORDS" "$TARGET" -- "$APP" caps
	assert_one_error "cap_sys_ptrace was asked for, but it is not ours to give"
	assert_lacks "$ERR" "nor are others"
	expect_status 125 "${RUNNER[@]}" "$NSPEEK" --caps="mknod,$WORDS" "$TARGET" -- "$APP" caps
	assert_one_error "cap_sys_ptrace was asked for" "nor are others"
done
# Where the bounding set cannot be lowered, nothing can be gained in its stead.
RUNNER=(setpriv --bounding-set=-setpcap)
expect_status 0 "${RUNNER[@]}" "$NSPEEK" --caps=net_admin "$TARGET" -- "$APP" caps
assert_contains "$OUT" "permitted 0000000000001000"
assert_contains "$OUT" "no_new_privs 1"
expect_status 0 "${RUNNER[@]}" "$NSPEEK" --caps=net_admin -S 1000 "$TARGET" -- "$APP" caps
assert_contains "$OUT" "permitted 0000000000001000"
# Where root is a user like others, it gets the list as these do.
ALL=$(for ((i = 0; i < 63; i++)); do
	! ((16#$OURS >> i & 1)) || printf ',+cap_%d' "$i"
done)
RUNNER=(setpriv "--inh-caps=${ALL#,}" "--ambient-caps=${ALL#,}" --securebits=+noroot)
caps_are "$LIST" "$LIST" "$LIST" 1 --caps="$WORDS"
caps_are "$LIST" "$LIST" "$LIST" 1 --caps="$WORDS" -S 1000
RUNNER=()

for word in foo "kill," ",kill" all none 64 -1 0x5 cap_5 "kill chown" kill+ep "target,kill"; do
	expect_status 125 "$NSPEEK" --caps="$word" "$TARGET" -- "$APP" caps
	assert_one_error "--caps: this kernel has no capability"
done
expect_status 0 "$NSPEEK" -v --caps="$WORDS" "$TARGET" -- "$APP" exit 0
assert_contains "$ERR" "capabilities: cut to what was asked for, $LIST"

# A list does not say how far a program may go without any of it.
for words in "" "--caps=$WORDS" --caps=; do
	# shellcheck disable=SC2086
	expect_status 125 "$NSPEEK" --mount="/proc/$TARGET/ns/mnt" $words -- "$APP" caps
	assert_one_error "how far a program"
done
expect_status 0 "$NSPEEK" --mount="/proc/$TARGET/ns/mnt" --caps=keep -- "$APP" caps
assert_contains "$OUT" "permitted $OURS"
target_after "$TARGET"

# A program of the host keeps ours, unless another user or less is asked for.
APP=$FIXTURES/container
caps_are "$OURS" "$OURS" "$NONE" 0 -n
caps_are "$OURS" "$OURS" "$NONE" 0 -n --caps=keep
caps_are "$LIST" "$LIST" "$NONE" 0 -n --caps="$WORDS"
caps_are "$LIST" "$LIST" "$LIST" 0 -n --caps="$WORDS" -S 1000
caps_are "$BOUND" "$BOUND" "$NONE" 0 -n --caps=target
caps_are "$NONE" "$OURS" "$NONE" 0 -n -S 1000
caps_are "$NONE" "$OURS" "$NONE" 0 -n -S 1000 --privileged
# With less it can be looked into from inside.
for word in "$WORDS" target; do
	expect_status 0 "$NSPEEK" -p --caps="$word" "$TARGET" -- "$APP" caps
	assert_contains "$ERR" "warning: processes of the container can reach our files"
done
expect_status 0 "$NSPEEK" -p --privileged "$TARGET" -- "$APP" caps
assert_eq "$ERR" "" "stderr"
target_after "$TARGET"

# The set of a user namespace that is not joined is nobody's measure here.
start_unshare --pid --mount-proc --user --map-root-user --fork -- "$APP" init
target_before "$TARGET"
FULL=$(awk '/^CapBnd/ { print $2 }' "/proc/$TARGET/status")
for options in "-m" "-n --caps=target" "-m --caps=target" "-m --caps=$WORDS" "-m --caps="; do
	# shellcheck disable=SC2086
	expect_status 125 "$NSPEEK" $options "$TARGET" -- "$APP" caps
	assert_one_error "user namespace that is not joined"
done
caps_are "$OURS" "$OURS" "$NONE" 0 -m --caps=keep
caps_are "$LIST" "$LIST" "$NONE" 0 -m -U --caps="$WORDS"
# In it all can be given, also what we lack outside.
caps_are "$FULL" "$FULL" "$NONE" 0
caps_are "$FULL" "$FULL" "$NONE" 0 --caps=keep
caps_are 0000000001000000 0000000001000000 "$NONE" 0 --caps=sys_resource
caps_are "$LIST" "$LIST" "$NONE" 0 -U --caps="$WORDS"
target_after "$TARGET"
passed
