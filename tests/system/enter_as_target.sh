#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --as-target: in runc containers that are confined in many ways, a command gets the errno that the
# container's own process gets, of every operation of the list in tests/fixtures/container_probe.c,
# and has its ids, sets, limits and cgroups, line by line.
. "$(dirname "$0")/../support/lib.sh"
. "$SUPPORT/confined.sh"

need_root
need_tool runc jq
BUNDLE=$WORK/bundle
write_bundle "$BUNDLE" /bin/app probe-init
cp "$BUNDLE/config.json" "$BUNDLE/plain.json"

# start_confined NAME JQ-FILTER: a container whose config is changed by the filter. What its process
# may do is in $WORK/NAME.target.
start_confined() {
	local id="nspeek-test-$$-$1"
	jq "$2" "$BUNDLE/plain.json" >"$BUNDLE/config.json" || fail "the config of $1"
	defer runc --root "$WORK/runc" delete -f "$id"
	runc --root "$WORK/runc" run -d -b "$BUNDLE" "$id" </dev/null >"$WORK/$1.target" \
		2>"$WORK/$1.err" || {
		[ "$1" != plain ] || skip "a runc container: $(tail -n 1 "$WORK/$1.err")"
		fail "a runc container $1: $(tail -n 1 "$WORK/$1.err")"
	}
	TARGET=$(runc --root "$WORK/runc" state "$id" | jq .pid)
	await_line "$WORK/$1.target" '^READY'
	sed -i '/^READY/d' "$WORK/$1.target"
}

end_confined() {
	runc --root "$WORK/runc" delete -f "nspeek-test-$$-$1"
}

# same_as_target NAME: the same command under --as-target prints the same lines. WARNED is what it
# warned of beside what it always does.
same_as_target() {
	target_before "$TARGET"
	expect_status 0 "$NSPEEK" --as-target "$TARGET" -- /bin/app probe
	printf '%s\n' "$OUT" >"$WORK/$1.command"
	[ "$(grep -c ': ' "$WORK/$1.target")" -gt 40 ] || fail "$1: the target tried too little"
	diff "$WORK/$1.target" "$WORK/$1.command" >"$WORK/diff" ||
		fail "$1: target (<) and command (>) differ:"$'\n'"$(cat "$WORK/diff")"$'\n'"$ERR"
	WARNED=$(printf '%s\n' "$ERR" | grep -vE "$ALWAYS")
	# The environment too, HOME and all, but for our TERM.
	expect_status 0 env TERM=probe "$NSPEEK" --as-target "$TARGET" -- /bin/app printenv
	assert_eq "$(printf '%s\n' "$OUT" | sort)" \
		"$({ tr '\0' '\n' <"/proc/$TARGET/environ" | grep -v ^TERM= && echo TERM=probe; } | sort)" "environment"
	target_after "$TARGET"
}

profile() {
	printf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: %s}' "$1"
}
ERRNO_PROFILE=$(profile '[
	{names: ["chroot", "bpf", "perf_event_open"], action: "SCMP_ACT_ERRNO"},
	{names: ["keyctl"], action: "SCMP_ACT_ERRNO", errnoRet: 38},
	{names: ["personality"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 8, op: "SCMP_CMP_EQ"}]},
	{names: ["userfaultfd"], action: "SCMP_ACT_KILL_PROCESS"},
	{names: ["splice"], action: "SCMP_ACT_TRAP"},
	{names: ["add_key"], action: "SCMP_ACT_LOG"}]')
USER='.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 77, 2147483000], umask: 63}'
NO_NNP='.process.noNewPrivileges = false'
caps() {
	printf '.process.capabilities |= map_values(%s)' "$1"
}
NO_CAPS=$(caps '[]')

# Name and filter of each container.
cases=(
	plain .
	no-nnp "$NO_NNP"
	no-caps "$NO_CAPS"
	no-caps-no-nnp "$NO_CAPS | $NO_NNP"
	user "$USER"
	user-no-nnp "$USER | $NO_NNP"
	seccomp "$ERRNO_PROFILE"
	seccomp-no-nnp "$ERRNO_PROFILE | $NO_NNP"
	seccomp-user "$ERRNO_PROFILE | $USER"
	seccomp-user-no-nnp "$ERRNO_PROFILE | $USER | $NO_NNP"
	ambient "$USER | $NO_NNP | $(caps '["CAP_NET_RAW", "CAP_NET_BIND_SERVICE", "CAP_CHOWN"]')"
	bounded "$USER | $NO_NNP | $(caps '[]') | .process.capabilities.bounding = [\"CAP_SETUID\", \"CAP_CHOWN\"]"
	many-caps "$NO_NNP | $(caps '["CAP_SYS_ADMIN", "CAP_SYS_NICE", "CAP_MKNOD", "CAP_SETPCAP", "CAP_SETUID", "CAP_SETGID", "CAP_SYS_CHROOT", "CAP_CHOWN", "CAP_SYS_PTRACE"]')"
	inheritable "$NO_NNP | .process.capabilities |= (.bounding = [\"CAP_CHOWN\", \"CAP_SETUID\"] | .effective = .bounding | .permitted = .bounding | .inheritable = [\"CAP_CHOWN\"] | .ambient = [])"
	oom '.process.oomScoreAdj = 300'
	rlimits '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 50, hard: 60}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_NPROC", soft: 500, hard: 500}, {type: "RLIMIT_MEMLOCK", soft: 4096, hard: 8192},
		{type: "RLIMIT_AS", soft: 1073741824, hard: 1073741824}, {type: "RLIMIT_STACK", soft: 1048576, hard: 2097152},
		{type: "RLIMIT_CPU", soft: 100, hard: 200}, {type: "RLIMIT_FSIZE", soft: 100000, hard: 100000}]'
	rlimits-user "$USER"' | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 20, hard: 4096}]'
	personality '.linux.personality = {domain: "LINUX32"}'
	userns '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	userns-user "$USER"' | .process.user.additionalGids = [5, 77] | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	userns-seccomp "$ERRNO_PROFILE | $NO_NNP"' | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	cgroups '.linux.resources = {pids: {limit: 20}, memory: {limit: 200000000}, cpu: {shares: 100}}'
)
for ((i = 0; i < ${#cases[@]}; i += 2)); do
	start_confined "${cases[i]}" "${cases[i + 1]}"
	same_as_target "${cases[i]}"
	assert_eq "$WARNED" "" "warnings of ${cases[i]}"
	end_confined "${cases[i]}"
done
passed
