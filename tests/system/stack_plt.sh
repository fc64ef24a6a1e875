#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A process at each instruction of a PLT entry, in each form that linkers make: the entry has its
# function's name, and the stack below it is whole.
. "$(dirname "$0")/../support/lib.sh"

need_tool gcc objdump nm jq

# instructions_of FILE: the addresses of those of getpid's entry, but for what only fills it up.
instructions_of() {
	objdump -d "$1" | sed -n '/<getpid@plt.*>:$/,/^$/p' | grep -vE 'nop|xchg' |
		sed -nE 's/^ +([0-9a-f]+):.*/\1/p'
}

# expect_named FORM FILE ADDRESS
expect_named() {
	local call
	call=$(nm "$2" | awk '$3 == "call_out" { print $1 }')
	start "at_$3" "$2" "$call" "$3"
	await_line "$WORK/at_$3.out" '^READY'
	TARGET=$(awk '{ print $2 }' "$WORK/at_$3.out")
	await_state "$TARGET" T
	expect_status 0 "$NSPEEK" stack --json "$TARGET"
	assert_matches "$(jq -r '[.processes[0].threads[0].frames[] | .symbol // "?"] | join(" ")' "$WORK/run.out")" \
		'^getpid@plt call_out be_stepped main '
	assert_eq "$(jq -r '.processes[0].threads[0].frames[0] | .symbol_offset' "$WORK/run.out")" \
		"$(printf '0x%x' $((16#$3 - 16#$FIRST)))" "how far into the entry $1 is"
	finish "$STARTED"
}

count=0
while read -r form flags; do
	# shellcheck disable=SC2086
	gcc -O1 -fno-inline -fno-optimize-sibling-calls -D_GNU_SOURCE $flags -o "$WORK/$form" \
		"$TREE/tests/fixtures/plt.c" || fail "gcc cannot build $form"
	FIRST=$(instructions_of "$WORK/$form" | head -n 1)
	[ -n "$FIRST" ] || fail "no entry for getpid in $form"
	for address in $(instructions_of "$WORK/$form"); do
		# Behind an indirect jump nothing is executed when functions are bound at once.
		((16#$address - 16#$FIRST < 6)) || [[ $form == lazy ]] || continue
		expect_named "$form" "$WORK/$form" "$address"
		count=$((count + 1))
	done
done <<'END'
lazy -fcf-protection=none -no-pie -Wl,-z,lazy
now -fcf-protection=none -Wl,-z,now
ibt_lazy -fcf-protection=full -Wl,-z,ibtplt -Wl,-z,lazy
ibt_now -fcf-protection=full -Wl,-z,ibtplt -Wl,-z,now
END
((count >= 8)) || fail "only $count instructions were looked at"
passed
