#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The document of `ns --json` beside the contract, for targets of several kinds.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/ns.sh"

need_root
need_tool jq

cat >"$WORK/contract.jq" <<'EOF'
def id: . == null or (type == "number" and . > 0 and . == floor);
def text: . == null or type == "string";
def kinds: ["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"];
def namespace: (.id | id) and (.owner_user_ns | id) and (.parent | id) and (.name | text);
def of_target: namespace and (.same == null or (.same | type) == "boolean") and (.reason | text)
	and (.join | IN("skip", "ok", "denied", null)) and (.join != "denied" or .reason != null);
def caps: type == "array" and all(type == "string" and test("^(cap_[a-z_]+|[0-9]+)$"));
def confinement: ([.capabilities.effective, .capabilities.permitted, .capabilities.inheritable, .capabilities.bounding,
		.capabilities.ambient] | all(caps)) and (.seccomp | IN("none", "strict", "filter"))
	and (.no_new_privs | type) == "boolean" and (.root | text) and (.labels | type) == "array"
	and (.masks | all((.path | type) == "string" and (.kind | IN("hidden", "read-only", "replaced"))))
	and (.cgroups | (.paths | length > 0) and (.frozen | type) == "boolean");
.schema == "nspeek.ns/1"
	and (.self | keys == kinds and all(namespace and .id != null))
	and (.self_confinement | confinement)
	and (.targets | type == "array" and all((.target | type) == "string" and (.pid | type) == "number"
		and (.namespaces | keys == kinds and all(of_target)) and (.confinement | confinement)))
	and (.differs | type) == (if (.targets | length) == 2 then "array" else "null" end)
	and (.confinement_differs | type) == (.differs | type)
EOF

# conforms TARGETS: the last document is one, with so many targets.
conforms() {
	assert_eq "$ERR" "" stderr
	assert_eq "$(jq -s length "$WORK/run.out")" 1 documents
	jq -e -f "$WORK/contract.jq" "$WORK/run.out" >"$WORK/jq.out" 2>&1 || fail "$(cat "$WORK/jq.out"): $OUT"
	expect_field '.targets | length' "$1"
}

expect_status 0 "$NSPEEK" ns --json
conforms 0
for kind in "${NS_KINDS[@]}"; do
	expect_field ".self.$kind.id" "$(inode_of self "$kind")"
done
start_demo
DEMO=$TARGET
target_before "$DEMO"
expect_status 0 "$NSPEEK" ns --json "$DEMO"
conforms 1
expect_ids 0 "$DEMO"
expect_field '[.targets[0].namespaces[] | .same] | unique' '[false]'
expect_field '[.targets[0].namespaces[] | .join] | unique' '["ok"]'
expect_status 0 "$NSPEEK" ns --json "$DEMO" $$
conforms 2
expect_field '.differs | length' 10
expect_status 0 "$NSPEEK" ns --json "$DEMO" $$ "$DEMO"
conforms 3
target_after "$DEMO"

# Bytes of a name that are no UTF-8, and a name that would be a line of its own.
cp "$FIXTURES/container" "$WORK/$(printf 'a\xff\nb\033')"
start odd "$WORK/$(printf 'a\xff\nb\033')" init
await_line "$WORK/odd.out" '^READY'
expect_status 0 "$NSPEEK" ns --json "$STARTED"
conforms 1
expect_field '.targets[0].comm' 'a\xff\x0ab\x1b'
expect_status 0 "$NSPEEK" ns "$STARTED"
assert_contains "$OUT" "process $STARTED (a\\xff\\x0ab\\x1b)"
expect_status 64 "$NSPEEK" ns --json -o type "$STARTED"
assert_one_error "--json"
# Standard output that takes nothing.
expect_status 2 sh -c 'exec "$0" ns --json >/dev/full' "$NSPEEK"
assert_contains "$ERR" "standard output"
assert_one_error "standard output"
# Nobody reads on: nothing is said.
mkfifo "$WORK/unread"
exec 4<>"$WORK/unread" 5>"$WORK/unread" 4<&-
expect_status 0 sh -c 'exec "$0" ns --json >&5' "$NSPEEK"
assert_eq "$ERR" "" "what is said"
expect_status 0 sh -c 'exec "$0" ns >&5' "$NSPEEK"
assert_eq "$ERR" "" "what is said"
exec 5>&-
passed
