#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A thread that blocks while the dynamic linker binds a function, called for the first time: below it
# is the linker's trampoline, whose frame is known by a register that a callee preserves. With that
# register, and by /proc alone, where only the frames above tell it.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool gcc jq
# What chooses the function is called by the linker when the function is.
cat >"$WORK/library.c" <<'END'
#include <unistd.h>
static void chosen(void)
{
}
static void (*choose(void))(void)
{
	pause();
	return chosen;
}
void bound_late(void) __attribute__((ifunc("choose")));
END
cat >"$WORK/program.c" <<'END'
void bound_late(void);
__attribute__((noipa)) static int caller(int n)
{
	volatile int x = n;
	bound_late();
	return x;
}
int main(void)
{
	return caller(3);
}
END

# pause(3), what chooses, two frames of the linker, the program, and what starts it.
for level in -O0 "-O2 -fno-optimize-sibling-calls" "-O1 -fno-asynchronous-unwind-tables"; do
	# shellcheck disable=SC2086
	gcc $level -fPIC -shared -o "$WORK/library.so" "$WORK/library.c" || fail "gcc"
	# shellcheck disable=SC2086
	gcc $level -Wl,-z,lazy -o "$WORK/program" "$WORK/program.c" "$WORK/library.so" || fail "gcc"
	start program "$WORK/program"
	await_state "$STARTED" S
	for command in "$NSPEEK" "$FIXTURES/deny bpf=EPERM -- $NSPEEK"; do
		# shellcheck disable=SC2086
		expect_status 0 $command stack --no-inlines --pause=never --json "$STARTED"
		assert_matches "$(jq -r '[.processes[0].threads[0].frames[].symbol // "?"] | join(" ")' \
			"$WORK/run.out")" \
			'^pause [^ ]+ [^ ]+ [^ ]+ caller main ([^ ]+ )+_start$'
		assert_eq "$(jq -r '.processes[0].threads[0].status' "$WORK/run.out")" complete "$level"
	done
	finish "$STARTED"
done
passed
