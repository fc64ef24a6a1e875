#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A thousand containers: processes in cgroups that are called as docker's.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/runtimes.sh"
need_tool jq

COUNT=1000
lab_open
docker=${LAB_CGROUPS[0]}/docker
mkdir "$docker"
begun=()
for ((i = 1; i <= COUNT; i++)); do
	printf -v id 'feed0000%056x' $((i * 0x100000000))
	mkdir "$docker/$id" || fail "a cgroup"
	"$FIXTURES/container" sleep </dev/null >/dev/null 2>&1 &
	begun+=($!)
	echo $! >"$docker/$id/cgroup.procs" || fail "moving into a cgroup"
done
defer kill -KILL "${begun[@]}"
printf -v last 'feed0000%056x' $((COUNT * 0x100000000))

expect_status 0 "$NSPEEK" list --json
assert_eq "$ERR" "" stderr
# (Beside those that another test has.)
jq -c '[.containers[] | select(.runtime == "docker" and (.id | startswith("feed0000"))) | [.pid, .id, .name, .processes, .rootless]] | sort' \
	"$WORK/run.out" >"$WORK/rows"
for ((i = 1; i <= COUNT; i++)); do
	printf '[%d,"feed0000%056x",null,1,false]\n' "${begun[i - 1]}" $((i * 0x100000000))
done | jq -cs sort >"$WORK/wanted"
cmp "$WORK/rows" "$WORK/wanted" || fail "the rows are not those of the cgroups"
expect_status 0 "$NSPEEK" list -o LONGID --noheadings
assert_eq "$(grep -c "^feed0000" "$WORK/run.out")" "$COUNT" "lines"
assert_contains "$OUT" "$last"

expect_status 0 "$NSPEEK" stack --json "docker:$last"
assert_eq "$(jq -c '[.processes[] | [.pid, .container.id]]' "$WORK/run.out")" \
	"[[${begun[COUNT - 1]},\"$last\"]]" "the stacks of one"
expect_status 2 "$NSPEEK" stack docker:feed0000
assert_one_error "docker:feed0000 means $COUNT containers: docker:feed00000000" "and 984 more"
expect_status 2 "$NSPEEK" stack docker:web
assert_one_error "no container is called docker:web"
passed
