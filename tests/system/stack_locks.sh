#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What lock a thread waits for, and who holds it: each kind of lock of the GNU C library, dynamic and
# static, and of musl; owners that are gone; nothing is said of what is not known.
. "$(dirname "$0")/../support/lib.sh"

need_tool jq

# expect_locks PROGRAM EXPECTED: the threads of PROGRAM, what each waits for, and who holds that.
expect_locks() {
	start locks "$FIXTURES/$1" locks
	await_line "$WORK/locks.out" '^READY'
	TARGET=$STARTED
	settled() {
		expect_status 0 "$NSPEEK" stack --json "$TARGET"
		[ "$(jq -c '[.processes[0].threads[] | select(.name != "'"${1:0:15}"'" and .name != "holder" and
			.syscall.name != "futex")]' "$WORK/run.out")" = '[]' ]
	}
	retry 10 settled "$1" || fail "the threads do not wait"
	assert_eq "$(jq -c '[.processes[0].threads[] | select(.syscall.name == "futex") | [.name,
		.waits_for.kind, .waits_for.owner.name]] | sort | .[]' "$WORK/run.out")" "$2" \
		"what threads of $1 wait for"
	assert_eq "$(jq -c '.processes[0].findings' "$WORK/run.out")" '[]' "findings"
	# The address is the lock's: the one that has a name, found in the program.
	assert_eq "$(jq -c '[.processes[0].threads[] | select(.waits_for) |
		.waits_for.address == .syscall.args[0]] | unique' "$WORK/run.out")" '[true]' addresses
}

for form in dynamic static; do
	# Where the library has no symbol table, only its exported functions have names.
	names=$(nm "$(ldd "$FIXTURES/waits-dynamic" | awk '/libc.so/ { print $3 }')" 2>/dev/null | wc -l)
	[ "$form" != dynamic ] || ((names > 0)) || [ -e /usr/lib/debug/.build-id ] || continue
	expect_locks "waits-$form" '["checked","mutex","holder"]
["condition","condition",null]
["inherited","pi-futex","holder"]
["join","thread","holder"]
["mutex","mutex","holder"]
["orphan","mutex",null]
["read","rwlock","holder"]
["robust","mutex","holder"]
["semaphore","semaphore",null]
["timed","mutex","holder"]
["write","rwlock","holder"]'
	orphan=$(jq -c '.processes[0].threads[] | select(.name == "orphan") | .waits_for.owner' "$WORK/run.out")
	assert_matches "$orphan" '^\{"tid":null,"ns_tid":[1-9][0-9]*,"name":null\}$'
	expect_status 0 "$NSPEEK" stack "$TARGET"
	assert_contains "$OUT" "inside, which is no thread of this process any more"
	assert_contains "$OUT" "waits for the end of thread"
	finish "$TARGET"
done

# musl notes the owner only where it needs it.
if [ -e "$FIXTURES/waits-musl" ]; then
	expect_locks waits-musl '["checked","mutex","holder"]
["condition","condition",null]
["inherited","pi-futex","holder"]
["join",null,null]
["mutex","mutex",null]
["orphan","mutex",null]
["read","rwlock",null]
["robust","mutex","holder"]
["semaphore","semaphore",null]
["timed","mutex",null]
["write","rwlock",null]'
	finish "$TARGET"
fi
passed
