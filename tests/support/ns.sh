# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of `nspeek ns` share. Sourced after lib.sh.

NS_KINDS=(cgroup ipc mnt net pid pid_for_children time time_for_children user uts)

# fields FILTER: of the last document, by jq.
fields() {
	jq -rc "$1" "$WORK/run.out"
}

# expect_field FILTER VALUE
expect_field() {
	assert_eq "$(fields "$1")" "$2" "$1"
}

# inode_of PID KIND
inode_of() {
	stat -Lc %i "/proc/$1/ns/$2"
}

# expect_ids INDEX PID: target INDEX of the last document has the namespaces that the kernel says,
# and each is said to be the same as ours where it is.
expect_ids() {
	local kind id same
	for kind in "${NS_KINDS[@]}"; do
		id=$(inode_of "$2" "$kind")
		same=false
		[ "$id" != "$(inode_of self "$kind")" ] || same=true
		expect_field ".targets[$1].namespaces.$kind | [.id, .same]" "[$id,$same]"
	done
}

# agrees_with_enter COMMAND...: for TARGET, `ns` run by COMMAND says of each type what `enter
# --dry-run`, run so, says.
agrees_with_enter() {
	local kind type line join reason
	run "$@" "$NSPEEK" ns --json "$TARGET"
	cp "$WORK/run.out" "$WORK/ns.json"
	run "$@" "$NSPEEK" --dry-run "$TARGET" -- true
	for kind in cgroup ipc mnt net pid time user uts; do
		type=${kind/mnt/mount}
		line=$(printf '%s\n' "$OUT" | grep "^join the $type namespace ")
		join=$(jq -r ".targets[0].namespaces.$kind.join" "$WORK/ns.json")
		reason=$(jq -r ".targets[0].namespaces.$kind.reason" "$WORK/ns.json")
		case $line in
		"") assert_eq "$join" skip "$kind" ;;
		*": denied: "*)
			assert_eq "$join" denied "$kind"
			assert_eq "$reason" "${line##*: denied: }" "why $kind is denied"
			;;
		*": permitted"*) assert_eq "$join" ok "$kind" ;;
		*) fail "not understood: $line" ;;
		esac
	done
}
