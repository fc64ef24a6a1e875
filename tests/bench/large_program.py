#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""large_program.py PROGRAM FRAMES

Makes PROGRAM, of 1 GiB by its debug information: units of FUNCTIONS functions each, with functions
inlined three deep, by cc -O2 -g. It goes FRAMES functions deep in the first unit, and pauses there.

One unit is compiled; the object of each other one is that with other names in it, of the same
length: to compile them all would take a quarter of an hour. Beside PROGRAM there are 2 GiB of
objects while it is linked."""
import os
import shutil
import subprocess
import sys
import tempfile

FUNCTIONS = 1000  # in a unit
SIZE = 1 << 30
FIRST = "unit0000"

HEAD = """
#include <unistd.h>

volatile int FIRST_total;
"""

DECLARATION = "static void FIRST_fINDEX(int left, const int *more);\n"

# A function, and what is inlined into it: of the innermost, CALL is what it calls.
FUNCTION = """
static inline void FIRST_cINDEX(int left, const int *more)
{
	if (left > 0)
		CALL;
	else
		pause();
	FIRST_total += more[left];
}

static inline void FIRST_bINDEX(int left, const int *more)
{
	int first = more[0] + INDEX, second = more[1] * first;

	FIRST_cINDEX(left, more);
	FIRST_total += first ^ second;
}

static inline void FIRST_aINDEX(int left, const int *more)
{
	for (int i = 0; i < left; i++)
		FIRST_total += more[i] * i;
	FIRST_bINDEX(left, more);
	FIRST_total -= more[left];
}

static __attribute__((noinline)) void FIRST_fINDEX(int left, const int *more)
{
	FIRST_aINDEX(left, more);
	FIRST_total++;
}
"""

RUN = """
void FIRST_run(int left, const int *more)
{
	FIRST_f1000(left, more);
	FIRST_total++;
}
"""

MAIN = """
extern void FIRST_run(int left, const int *more);

static int more[FRAMES + 2];

int main(void)
{
	FIRST_run(FRAMES - 1, more);
	return 0;
}
"""


def write_unit(path):
    numbers = range(1000, 1000 + FUNCTIONS)
    with open(path, "w") as out:
        out.write(HEAD.replace("FIRST", FIRST))
        for number in numbers:
            out.write(DECLARATION.replace("FIRST", FIRST).replace("INDEX", str(number)))
        for number in numbers:
            # In a circle of calls, gcc takes twice as long.
            call = f"FIRST_f{number + 1}(left - 1, more + 1)" if number + 1 in numbers else "pause()"
            text = FUNCTION.replace("CALL", call).replace("FIRST", FIRST)
            out.write(text.replace("INDEX", str(number)))
        out.write(RUN.replace("FIRST", FIRST))


def write_main(path, frames):
    with open(path, "w") as out:
        out.write(MAIN.replace("FIRST", FIRST).replace("FRAMES", str(frames)))


def linked_size(path):
    """How much of an object is in a program that it is linked into."""
    listed = subprocess.run(["size", "-A", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return sum(int(row[1]) for row in rows if len(row) == 3 and row[0].startswith(".") and "rela" not in row[0])


def copy_units(path):
    """The objects of all other units, beside the first."""
    with open(path, "rb") as file:
        whole = file.read()
    paths = []
    for number in range(1, SIZE // linked_size(path)):
        name = f"unit{number:04}"
        paths.append(path.replace(FIRST, name))
        with open(paths[-1], "wb") as out:
            out.write(whole.replace(FIRST.encode(), name.encode()))
    return paths


def main(program, frames):
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(program))) as work:
        first = f"{work}/{FIRST}.o"
        write_unit(f"{work}/{FIRST}.c")
        write_main(f"{work}/main.c", frames)
        subprocess.run(["cc", "-O2", "-g", "-gz=none", "-c", f"{FIRST}.c"], cwd=work, check=True)
        faster = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []
        subprocess.run(["cc", "-O2", *faster, "-o", os.path.abspath(program), "main.c", first, *copy_units(first)],
                       cwd=work, check=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
