#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `ns` says of confinement: of a runc container, a chrooted process, clocks; as text and as JSON,
# beside what /proc says.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/ns.sh"

need_root
need_tool jq runc

BUNDLE_FILTER='.process.noNewPrivileges = true
	| .process.capabilities |= (.bounding = ["CAP_KILL", "CAP_CHOWN"] | .effective = ["CAP_KILL", "CAP_CHOWN"]
		| .permitted = ["CAP_KILL", "CAP_CHOWN"] | del(.inheritable) | del(.ambient))
	| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}
	| .linux.maskedPaths = ["/proc/keys", "/proc/timer_list", "/proc/fs"]
	| .linux.readonlyPaths = ["/proc/sys", "/proc/irq"]
	| .linux.resources = {"memory": {"limit": 104857600}, "pids": {"limit": 77}, "cpu": {"quota": 50000, "period": 100000}}'
start_runc /bin/app init
target_before "$TARGET"
expect_status 0 "$NSPEEK" ns --json "$TARGET"
expect_ids 0 "$TARGET"
agrees_with_enter env
expect_status 0 "$NSPEEK" ns --json "$TARGET"
for set in effective permitted bounding; do
	expect_field ".targets[0].confinement.capabilities.$set" '["cap_chown","cap_kill"]'
done
expect_field '.targets[0].confinement.capabilities | [.inheritable, .ambient]' '[[],[]]'
expect_field '.targets[0].confinement | [.seccomp, .seccomp_filters, .no_new_privs, .root, .root_read_only, .masks_complete]' \
	"[\"filter\",$(awk '/^Seccomp_filters/ { print $2 }' "/proc/$TARGET/status"),true,\"/\",true,true]"
masks() {
	fields "[.targets[0].confinement.masks[] | select(.kind == \"$1\") | .path] | sort"
}
assert_eq "$(masks hidden)" '["/proc/fs","/proc/keys","/proc/timer_list"]' "what is hidden"
assert_eq "$(masks read-only)" '["/proc/irq","/proc/sys"]' "what is read-only"
assert_eq "$(masks replaced)" '[]' "what is replaced"
expect_field '.targets[0].confinement.cgroups | [.memory.max, .pids.max, .pids.current, .cpu.quota_us, .cpu.period_us, .frozen]' \
	'[104857600,77,1,50000,100000,false]'
assert_contains "$(fields '.targets[0].confinement.cgroups.memory.cgroup')" "nspeek-test-$$"
expect_field '[.targets[0].confinement.cgroups.paths[] | .hierarchy + ":" + .path] | sort | join(" ")' \
	"$(awk -F: '{ name = $2 == "" ? "v2" : $2; sub(/^[^:]*:[^:]*:/, ""); print name ":" $0 }' "/proc/$TARGET/cgroup" | sort | paste -sd ' ')"

expect_status 0 "$NSPEEK" ns "$TARGET"
assert_eq "$ERR" "" stderr
for line in "capabilities +chown, kill" "seccomp +[0-9]+ filter" "no_new_privs +yes" "root +/, read-only" \
	"hidden +/proc/fs, /proc/keys, /proc/timer_list" "read_only +/proc/irq, /proc/sys" "memory +at most 100.0 MiB, by /.*nspeek-test-$$" \
	"tasks +at most 77, by /.*nspeek-test-$$" "cpu +at most 0.50 CPUs, by /.*nspeek-test-$$"; do
	assert_matches "$OUT" $'\n'"$line"
done
assert_lacks "$OUT" frozen
# What differs from us.
expect_status 0 "$NSPEEK" ns --json "$TARGET" $$
expect_field '.confinement_differs | contains(["capabilities", "seccomp", "no_new_privs", "hidden", "read_only", "memory", "tasks", "cpu"])' true
expect_field '.confinement_differs | contains(["in_use"])' false
target_after "$TARGET"

# Frozen: by whom. It cannot be entered so, but its namespaces can.
runc --root "$WORK/runc" pause "nspeek-test-$$" || fail "runc pause"
expect_status 0 "$NSPEEK" ns --json "$TARGET"
expect_field '.targets[0].confinement.cgroups.frozen' true
expect_field '[.targets[0].namespaces[] | .join] | unique' '["ok","skip"]'
expect_status 0 "$NSPEEK" ns "$TARGET"
assert_matches "$OUT" $'\n'"frozen +by /.*nspeek-test-$$"
runc --root "$WORK/runc" resume "nspeek-test-$$" || fail "runc resume"
expect_status 0 "$NSPEEK" ns --json "$TARGET"
expect_field '.targets[0].confinement.cgroups.frozen' false
finish "$TARGET"

# Another root, and nothing else.
ROOT="$WORK/ja il"
make_root "$ROOT"
start jail chroot "$ROOT" /bin/app init
await_line "$WORK/jail.out" '^READY'
expect_status 0 "$NSPEEK" ns "$STARTED"
assert_matches "$OUT" $'\n'"root +$ROOT, not the root of its mount namespace"
expect_status 0 "$NSPEEK" ns --json "$STARTED"
expect_field '.targets[0].confinement.root' "$ROOT"
expect_field '[.targets[0].namespaces[].same] | unique' '[true]'

# Clocks.
need_that "time namespaces" unshare --time true
start clocks unshare --time --boottime 300000 --monotonic 50000 --fork --kill-child "$FIXTURES/container" init
await_line "$WORK/clocks.out" '^READY'
await_child "$STARTED"
expect_status 0 "$NSPEEK" ns "$CHILD"
assert_matches "$OUT" $'\n'"clocks +monotonic \+50000 s, boottime \+300000 s"$'\n'
expect_status 0 "$NSPEEK" ns --json "$CHILD" "$STARTED"
expect_field .differs '["time"]'
expect_field '.targets[0].namespaces.time_for_children.clock_offsets | [.monotonic.seconds, .boottime.seconds]' '[50000,300000]'

# A procfs that hides, and one that was mounted over.
cat >"$WORK/hiding.sh" <<'EOF'
mount -t proc -o hidepid=invisible proc /proc && mount --bind /dev/null /proc/uptime && mount --bind "$1" /proc/version &&
	exec "$2" init
EOF
start hiding unshare --mount --propagation private --pid --fork --kill-child sh "$WORK/hiding.sh" "$0" "$FIXTURES/container"
await_line "$WORK/hiding.out" '^READY'
await_child "$STARTED"
expect_status 0 "$NSPEEK" ns "$CHILD"
assert_matches "$OUT" $'\n'"hidden +/proc/uptime"$'\n'
assert_matches "$OUT" $'\n'"replaced +/proc/version \("
assert_matches "$OUT" $'\n'"proc_options +hidepid=invisible"
passed
