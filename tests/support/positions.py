# SPDX-License-Identifier: GPL-2.0-or-later
# positions.py PROGRAM ORACLE COUNT: at COUNT addresses in the functions of PROGRAM, says positions_of
# (on the path) the same functions, files and lines as ORACLE, an addr2line? The oracle names the
# function that others are inlined into too; positions_of leaves that to the symbols. A line that is
# not known is written in several ways. Says what differs, and exits with 1 if anything does.
import random
import re
import subprocess
import sys


def functions_of(program):
    listed = subprocess.run(["nm", "-S", "--defined-only", program], capture_output=True, text=True, check=True)
    for line in listed.stdout.splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in "tTwW" and int(words[1], 16) > 0:
            yield int(words[0], 16), int(words[1], 16)


def answers_of(command, addresses):
    asked = "".join(f"{address:#x}\n" for address in addresses)
    answered = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout
    answers, lines = {}, []
    for line in answered.splitlines():
        if re.fullmatch("0x[0-9a-f]+", line):
            lines = answers[int(line, 16)] = []
        elif line:
            line = re.sub(r" \(discriminator \d+\)", "", line)
            lines.append(re.sub(r":(0|\?)$", ":?", line).replace("/./", "/"))
    return answers


def main():
    program, oracle, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    random.seed(1)
    functions = list(functions_of(program))
    addresses = sorted({start + random.randrange(size) for start, size in random.choices(functions, k=count)})
    ours = answers_of(["positions_of", program], addresses)
    theirs = answers_of([oracle, "-afi", "-e", program], addresses)
    known = inlined = wrong = 0
    for address in addresses:
        wanted, got = theirs[address], ours[address]
        if len(wanted) == 2 and (wanted[1].startswith("??") or wanted[1].endswith(":?")) and not got:
            continue
        wanted[-2] = "-"
        known += 1
        inlined += len(wanted) > 2
        if wanted != got:
            wrong += 1
            print(f"{address:#x}: {got}, by {oracle}: {wanted}")
    print(f"{program}: {known} of {len(addresses)} addresses known, {inlined} with inlined functions, {wrong} wrong")
    sys.exit(wrong > 0 or known < count // 4 or inlined == 0)


main()
