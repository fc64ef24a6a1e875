#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs without a symbol table, or with half of one, whose debug information names functions: in the file, in a
# separate one, split, compressed; with lines, without, and without inlined functions. Names and offsets are those of the
# same program with its symbols. What cannot be read costs the names only, and is said.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool gcc g++ clang objcopy strip jq readelf python3 nm
cat >"$WORK/chain.c" <<'END'
#include <stdio.h>
#include <unistd.h>
#ifdef BULK
#include "bulk.h"
#endif
#define ALONE __attribute__((noinline, noclone))
static volatile int sink;
static ALONE void deepest(void) { sink++; pause(); sink++; }
static inline __attribute__((always_inline)) void inlined(void) { sink++; deepest(); sink++; }
static ALONE void middle(void) { inlined(); sink++; }
__attribute__((cold)) ALONE void exported(void) { middle(); sink++; }
static ALONE int parted(int x)
{
	if (__builtin_expect(x == 1, 0)) { sink++; exported(); sink += 2; putchar('.'); }
	return sink;
}
int main(int argc, char **argv) { (void)argv; puts("READY"); fflush(stdout); return parted(argc); }
END
cat >"$WORK/chain.cc" <<'END'
#include <cstdio>
#include <unistd.h>
namespace app {
volatile int sink;
struct server {
	__attribute__((noinline, noclone)) void serve(const char *what, int x) { sink += x + *what; pause(); sink -= x; }
};
}
int main(int argc, char **) { puts("READY"); fflush(stdout); app::server().serve("x", argc); return app::sink; }
END

# run_program FILE: TARGET is its process.
run_program() {
	[ -z "${STARTED:-}" ] || finish "$STARTED"
	start program "$1"
	await_line "$WORK/program.out" READY
	TARGET=$STARTED
	await_state "$TARGET" S
}

# take STATUS OPTION...: what is shown of the functions of chain.c, "NAME+OFFSET" each; into SHOWN.
take() {
	local status=$1
	shift
	expect_status "$status" "$NSPEEK" stack --json "$@" "$TARGET"
	SHOWN=$(jq -r --arg work "$WORK/" '[.processes[0].threads[0].frames[] | select((.module // "" | startswith($work)) and .symbol) |
		select(.symbol | test("^(_start|__libc_)") | not) | "\(.symbol)+\(.symbol_offset)"] | join(" ")' "$WORK/run.out")
}

# build NAME COMPILER FLAG...: NAME.full has a symbol table, NAME none.
build() {
	local name=$1
	shift
	(cd "$WORK" && "$@" -O2 -fno-optimize-sibling-calls -o "$name.full") || fail "$* does not build"
	strip --strip-all --keep-section='.debug_*' "$WORK/$name.full" -o "$WORK/$name"
	! readelf -SW "$WORK/$name" | grep -q symtab || fail "there is a symbol table"
	readelf -SW "$WORK/$name" | grep -q '\.debug_info' || fail "there is no debug information"
}

# is_alike: PROGRAM without symbols shows what PROGRAM.full does, for the options.
is_alike() {
	local -A wanted
	local option
	run_program "$1.full"
	for option in --unique --no-inlines -l "-l --no-inlines"; do
		# shellcheck disable=SC2086
		take 0 $option
		wanted[$option]=$SHOWN
		assert_contains "$SHOWN" main+0x
	done
	run_program "$1"
	target_before "$TARGET"
	for option in "${!wanted[@]}"; do
		# shellcheck disable=SC2086
		take 0 $option
		# An address in another part of the function than its beginning has no offset, and no name of its own.
		assert_eq "$SHOWN" "$(sed -E 's/\.cold\+0x[0-9a-f]+/+null/g' <<<"${wanted[$option]}")" "what is shown with '$option'"
	done
	target_after "$TARGET"
}

while read -r flags; do
	# shellcheck disable=SC2086
	build chain $flags chain.c
	is_alike "$WORK/chain"
done <<'END'
clang -Wno-unknown-attributes -gdwarf-4
clang -Wno-unknown-attributes -gdwarf-5 -gsplit-dwarf
gcc -gdwarf-2
gcc -gdwarf-4 -gsplit-dwarf
gcc -g -static
gcc -g -gz=zlib
gcc -g
END
take 0
assert_contains "$SHOWN" "parted+null main+0x"
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_matches "$OUT" " deepest\+0x[0-9a-f]+ in $WORK/chain"
assert_matches "$OUT" " parted in $WORK/chain"
expect_status 0 "$NSPEEK" stack --folded "$TARGET"
assert_matches "$OUT" ";main;parted;exported;middle;inlined;deepest;"

# As they are in the file, or as people see them.
build plus g++ -g chain.cc
run_program "$WORK/plus"
take 0
assert_matches "$SHOWN" '^app::server::serve\(char const\*, int\)\+0x[0-9a-f]+ main'
take 0 --raw
assert_matches "$SHOWN" '^_ZN3app6server5serveEPKci\+0x[0-9a-f]+ main'

# Half of the symbols. A symbol goes before what debug information says.
objcopy --redefine-sym exported=by_symbol --strip-symbol=middle --strip-symbol=deepest "$WORK/chain.full" "$WORK/half"
run_program "$WORK/half"
take 0 --no-inlines
assert_matches "$SHOWN" '^deepest\+0x[0-9a-f]+ middle\+0x[0-9a-f]+ by_symbol\+0x'

# In a separate file that has no symbol table.
objcopy --only-keep-debug "$WORK/chain" "$WORK/apart.debug"
strip --strip-all "$WORK/chain" -o "$WORK/apart"
objcopy --add-gnu-debuglink="$WORK/apart.debug" "$WORK/apart"
run_program "$WORK/chain"
take 0 --no-inlines
wanted=$SHOWN
run_program "$WORK/apart"
take 0 --no-inlines
assert_eq "$SHOWN" "$wanted" "what a separate file shows"
rm "$WORK/apart.debug"
take 0 --no-inlines
assert_eq "$SHOWN" "" "what there is without it"

# Compressed, and large: read for names where there is no other way to them, else for lines only.
for ((i = 0; i < 30000; i++)); do
	printf 'struct bulk_%d { int first_%d, second_%d; };\n' "$i" "$i" "$i"
done >"$WORK/bulk.h"
build large gcc -g -gz=zlib -DBULK -fno-eliminate-unused-debug-types chain.c
run_program "$WORK/large.full"
take 0
assert_lacks "$SHOWN" inlined
run_program "$WORK/large"
take 0 --no-inlines
assert_matches "$SHOWN" '^deepest\+0x[0-9a-f]+ middle\+0x[0-9a-f]+ exported\+0x[0-9a-f]+ parted\+null main\+0x'

# Damaged: names are lost that were asked for, others are not.
read -r offset size < <(readelf -SW "$WORK/chain" | sed 's/\[ *//' | awk '$2 == ".debug_info" { print $5, $6 }')
cp "$WORK/chain" "$WORK/damaged"
python3 - "$WORK/damaged" "$((16#$offset))" "$((16#$size))" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]) + 48)
    file.write(b"\xff" * (int(sys.argv[3]) - 48))
END
run_program "$WORK/damaged"
for option in --no-inlines -l --unique; do
	expect_status 1 "$NSPEEK" stack "$option" "$TARGET"
	assert_contains "$OUT" "note: $WORK/damaged: its debug information is broken"
	assert_contains "$OUT" "$WORK/damaged+0x"
	assert_contains "$OUT" " pause+0x"
done

# Two processes: what was found for one is there for the other.
start second unshare --pid --fork --kill-child bash -c '"$1" & "$1" & exec sleep 1000' sh "$WORK/chain"
await_line "$WORK/second.out" READY
retry 10 eval '[ "$(pgrep -cf "^$WORK/chain\$")" = 2 ]' || fail "two processes do not run"
second=$(pgrep -f "^$WORK/chain\$" | head -n 1)
await_state "$second" S
retry 10 eval '[ "$(grep -c READY "$WORK/second.out")" = 2 ]' || fail "they are not ready"
expect_status 0 "$NSPEEK" stack -A --no-inlines --json "$second"
assert_eq "$(jq '[.processes[].threads[].frames[] | select(.symbol == "deepest")] | length' "$WORK/run.out")" 2 "both are named"
passed
