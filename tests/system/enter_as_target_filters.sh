#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --as-target: scheduling, several seccomp filters and their order, filters under which nothing can be
# started.
. "$(dirname "$0")/../support/lib.sh"
. "$SUPPORT/confined.sh"

need_root
need_tool unshare setpriv chrt ionice taskset
make_root "$WORK/root"

# Scheduling, and what else a process starts others with.
cat >"$WORK/oom" <<'EOF'
#!/bin/sh
echo "$1" >/proc/self/oom_score_adj
shift
exec "$@"
EOF
chmod +x "$WORK/oom"
for shape in "nice -n 7" "chrt --batch 0" "chrt --idle 0" "chrt --fifo 3" "chrt --rr 5" "ionice -c 2 -n 1" "ionice -c 3" \
	"nice -n 3 ionice -c 2 -n 7 taskset -c 0" "$WORK/oom 400" "setpriv --securebits=+noroot --inh-caps=+sys_admin,+sys_chroot,+chown --ambient-caps=+sys_admin,+sys_chroot,+chown"; do
	# shellcheck disable=SC2086
	start_shaped $shape -- probe-init
	probe_as
	same '^$'
	assert_eq "$WARNED" "" "warnings with $shape"
	finish "$STARTED"
done
start_shaped -- init
chrt --reset-on-fork --fifo --pid 3 "$TARGET" || fail "chrt"
probe_as
assert_contains "$WARNED" "reset-on-fork"
assert_contains "$OUT" "policy 1 priority 3"
finish "$STARTED"

# Filters: two of them, of which the newer decides, with its flag; hundreds.
start_shaped -- filter logged chroot=errno1,swapon=errno38 filter chroot=errno38,swapon=log probe-init
assert_contains "$(cat "$WORK/target")" "chroot: ENOSYS"
probe_as
same '^$'
# Byte for byte.
target=$STARTED
start command "$NSPEEK" --as-target "$TARGET" -- /bin/app sleep
await_command "$STARTED"
"$FIXTURES/container" filters "$TARGET" >"$WORK/target"
"$FIXTURES/container" filters "$CHILD" >"$WORK/command"
assert_eq "$(grep -c '^filter' "$WORK/target")" 2 "filters of the target"
assert_contains "$(cat "$WORK/target")" "filter 0 flags 2:"
same '^$'
finish "$STARTED"
finish "$target"
many=()
for ((i = 0; i < 300; i++)); do
	many+=(filter swapon=errno38)
done
start_shaped -- "${many[@]}" probe-init
probe_as
same '^$'
finish "$STARTED"
start_shaped -- no-new-privs setres 5 5 5 filter seccomp=errno1,capset=errno1 filter swapon=errno38 probe-init
probe_as
same '^$'
finish "$STARTED"

# Calls that somebody answers for the target.
start_shaped -- filter swapon=notify probe-init
probe_as
same '^$'
assert_matches "$WARNED" "^nspeek: warning: not copied: who answers .*user notification[^$]*ENOSYS$"
finish "$STARTED"

# Filters under which no command can be started; said before anything is.
for forbidden in execve=errno1 execve=kill clone=errno38 wait4=errno1 sendto=notify kill=kill capset=errno1 execveat=errno1; do
	start_silent -- filter "$forbidden" sleep
	retry 10 has_seccomp 2
	target_before "$TARGET"
	expect_status 125 "$NSPEEK" --as-target "$TARGET" -- /bin/app probe
	ERR=$(printf '%s\n' "$ERR" | grep -vE "$ALWAYS")
	assert_one_error "seccomp" "forbid ${forbidden%=*}"
	target_after "$TARGET"
	expect_status 0 "$NSPEEK" "$TARGET" -- /bin/app exit 0
	finish "$STARTED"
done
# With no_new_privs capabilities are cut first; some calls can be done without.
start_shaped -- no-new-privs filter capset=errno1,setsid=errno1 probe-init
probe_as
same '^$'
finish "$STARTED"

# A target that does not stop, and one that is stopped already: it stays so.
start_silent -- filter swapon=errno38 vfork
await_state "$TARGET" D
target_before "$TARGET"
expect_status 0 "$NSPEEK" --as-target "$TARGET" -- /bin/app exit 0
assert_contains "$ERR" "not copied: seccomp filters: they cannot be read, the target did not stop"
target_after "$TARGET"
finish "$STARTED"
start_shaped -- filter swapon=errno38 probe-init
kill -STOP "$TARGET"
await_state "$TARGET" T
expect_status 0 "$NSPEEK" --as-target "$TARGET" -- /bin/app probe
printf '%s\n' "$OUT" >"$WORK/command"
same '^$'
await_state "$TARGET" T
kill -CONT "$TARGET"
await_state "$TARGET" S

# nspeek killed at any moment: the target runs on, untraced.
target_before "$TARGET"
for ((i = 0; i < 60; i++)); do
	"$NSPEEK" --as-target "$TARGET" -- /bin/app exit 0 >/dev/null 2>&1 &
	victim=$!
	sleep "0.00$((i / 10))$((i % 10))"
	kill -KILL "$victim" 2>/dev/null
	wait "$victim" 2>/dev/null
done
target_after "$TARGET"
finish "$STARTED"

# A target that ends meanwhile: nothing else is blamed.
for ((i = 0; i < 30; i++)); do
	start_silent -- filter swapon=errno38 sleep
	{
		sleep "0.00$((i / 10))$((i % 10))"
		kill -KILL "$TARGET" 2>/dev/null
	} &
	run "$NSPEEK" --as-target "$TARGET" -- /bin/app exit 0
	[ "$STATUS" = 0 ] || assert_matches "$ERR" "(there is no|is a zombie|has exited|namespace may be dead)"
	assert_lacks "$ERR" "tracing the target failed"
	finish "$STARTED" 2>/dev/null
done

# Strict mode: no command could be executed in it.
start_silent -- strict
retry 10 has_seccomp 1
expect_status 0 "$NSPEEK" --as-target "$TARGET" -- /bin/app probe
assert_contains "$ERR" "warning: not copied: seccomp's strict mode"
finish "$STARTED"
passed
