#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Code that is not where its file is mapped: a program that was executed from memory, one that has
# moved its code to anonymous memory (to have it in huge pages), one that has changed it there, and
# code in memory that is shared.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool gcc jq python3
cat >"$WORK/program.c" <<'END'
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

__attribute__((noipa)) int recurse(int depth)
{
	return depth > 0 ? recurse(depth - 1) + 1 : pause() + 1;
}

__attribute__((noipa)) int never(int n)
{
	return n + 1;
}

/* Puts a copy of the program's code to where it is, in memory of other FLAGS. */
static void move(int flags, int change)
{
	char line[400];
	unsigned long start = 0, end = 0, next;
	FILE *maps = fopen("/proc/self/maps", "r");
	while (start == 0 && fgets(line, sizeof(line), maps))
		if (strstr(line, " r-xp ") && strstr(line, "/program"))
			sscanf(line, "%lx-%lx", &start, &end);
	fclose(maps);
	size_t len = end - start;
	char *copy = mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	memcpy(copy, (void *)start, len);
	if (change)
		copy[(unsigned long)never - start] ^= 1;
	mprotect(copy, len, PROT_READ | PROT_EXEC);
	mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		move(argv[1][0] == 's' ? MAP_SHARED : MAP_PRIVATE, argv[1][0] == 'c');
	return recurse(3);
}
END
gcc -O1 -fno-optimize-sibling-calls -o "$WORK/program" "$WORK/program.c" || fail "gcc"

# waits PID: it is the program, and has come to where it waits.
waits() {
	[[ $(readlink "/proc/$1/exe") == *program* ]] &&
		[ "$(cut -d ' ' -f 1 "/proc/$1/syscall")" = 34 ]
}

# names COMMAND...: NAMES are those of the chain of COMMAND, which is complete.
names() {
	start program "$@"
	retry 10 waits "$STARTED" || fail "the program does not wait"
	target_before "$STARTED"
	expect_status 0 "$NSPEEK" stack --json "$STARTED"
	NAMES=$(jq -r '[.processes[0].threads[0].frames[] | .symbol // "?"] | join(" ")' "$WORK/run.out")
	run "$NSPEEK" stack "$STARTED"
	target_after "$STARTED"
	finish "$STARTED"
}

whole='^pause recurse recurse recurse recurse main ([^ ]+ )*_start$'
names "$WORK/program"
assert_matches "$NAMES" "$whole"
names python3 -c 'import os, sys
fd = os.memfd_create("program")
os.write(fd, open(sys.argv[1], "rb").read())
os.execve(fd, ["program"], os.environ)' "$WORK/program"
assert_matches "$NAMES" "$whole"
assert_contains "$OUT" "in /memfd:program (deleted)"
names "$WORK/program" private
assert_matches "$NAMES" "$whole"
assert_contains "$OUT" "program: its code was moved to other memory, where it is the same"
# Code that is not the file's is nobody's, also where a file was.
for how in changed shared; do
	start program "$WORK/program" "$how"
	retry 10 waits "$STARTED" || fail "the program does not wait"
	target_before "$STARTED"
	run "$NSPEEK" stack --json "$STARTED"
	[ "$STATUS" -le 1 ] || fail "status $STATUS: $ERR"
	NAMES=$(jq -r '[.processes[0].threads[0].frames[] | .symbol // "?"] | join(" ")' "$WORK/run.out")
	assert_matches "$NAMES" '^pause \?'
	assert_lacks "$NAMES" recurse
	target_after "$STARTED"
	finish "$STARTED"
done
passed
