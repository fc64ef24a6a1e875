#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes hostile ELF files out of a good one: hostile.py KIND IN OUT, or hostile.py mutate IN DIR COUNT.

What comes out is the same for the same words. The code stays as it is; so does all that the loader looks at, but for
`mutate` and `huge-sizes`.
"""

import random
import struct
import sys

SHT_SYMTAB, SHT_DYNSYM = 2, 11
EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
SHDR = struct.Struct("<IIQQQQIIQQ")
PHDR = struct.Struct("<IIQQQQQQ")
SYM = struct.Struct("<IBBHQQ")


class Elf:
    """A 64-bit little-endian file as bytes, and its section headers as lists."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.ehdr = list(EHDR.unpack_from(data))
        self.shoff, self.shnum, self.shstrndx = self.ehdr[6], self.ehdr[12], self.ehdr[13]
        self.sections = [
            list(SHDR.unpack_from(data, self.shoff + i * SHDR.size)) for i in range(self.shnum)
        ]

    def name(self, section):
        at = self.sections[self.shstrndx][4] + section[0]
        return self.data[at : self.data.index(0, at)].decode()

    def find(self, name):
        for section in self.sections:
            if self.name(section) == name:
                return section
        raise SystemExit(f"no section {name}")

    def append(self, section, data):
        """Gives SECTION the bytes DATA, behind all others."""
        self.data += bytes(-len(self.data) % 16)
        section[4], section[5] = len(self.data), len(data)
        self.data += data

    def result(self):
        for i, section in enumerate(self.sections):
            SHDR.pack_into(self.data, self.shoff + i * SHDR.size, *section)
        return self.data


def covering(names):
    """A symbol table in which each symbol is a function that covers everything."""
    first = SYM.pack(0, 0, 0, 0, 0, 0)
    return first + b"".join(SYM.pack(name, 0x12, 0, 1, 0, 1 << 62) for name in names)


def endless_names(elf):
    """60,000 sections with names that have no end: 20 MB are to be looked through for that of each."""
    names = elf.sections[elf.shstrndx]
    elf.append(names, b"A" * (20 << 20))
    elf.data += bytes(-len(elf.data) % 16)
    elf.shoff = len(elf.data)
    elf.sections += [list(elf.sections[1]) for _ in range(60000 - elf.shnum)]
    elf.data += bytes(SHDR.size * len(elf.sections))
    for i, section in enumerate(elf.sections):
        section[0] = i
    elf.ehdr[6], elf.ehdr[12] = elf.shoff, len(elf.sections)
    EHDR.pack_into(elf.data, 0, *elf.ehdr)


def long_name(elf):
    """A name of 100 MB."""
    elf.append(elf.find(".symtab"), covering([1]))
    elf.append(elf.find(".strtab"), b"\0" + b"A" * 100_000_000 + b"\0")


def control_names(elf):
    """Names that a terminal would obey."""
    name = b"\x1b]0;owned\x07\x1b[2J\x1b[31mred\r\nnspeek: \xc2\x9b31m\x7f\x01"
    elf.append(elf.find(".symtab"), covering([1]))
    elf.append(elf.find(".strtab"), b"\0" + name + b"\0")


def huge_sizes(elf):
    """Every section that the loader does not need says that it has 2^40 bytes."""
    for section in elf.sections[1:]:
        section[5] = 1 << 40


def cyclic_cfi(elf):
    """Each entry of .eh_frame is its own CIE, or one with a length of nothing."""
    section = elf.find(".eh_frame")
    at, end = section[4], section[4] + section[5]
    while at + 8 <= end:
        (length,) = struct.unpack_from("<I", elf.data, at)
        if length == 0 or length >= 0xFFFFFFF0:
            break
        struct.pack_into("<I", elf.data, at + 4, 4)
        at += 4 + length


# What each mutation of one file changes: a few bytes where parsers look.
REGIONS = (
    ".eh_frame",
    ".eh_frame_hdr",
    ".symtab",
    ".strtab",
    ".shstrtab",
    ".dynsym",
    ".dynstr",
    ".note.gnu.build-id",
    ".gnu_debuglink",
    ".gnu_debugdata",
    ".debug_frame",
    ".gopclntab",
)
VALUES = (0, 1, 0x7F, 0x80, 0xFF, 0xFE)


def mutate(elf, seed):
    """A few deterministic changes: the ELF header, program and section headers, or a section."""
    chance = random.Random(seed)
    places = [(0, 64), (elf.ehdr[5], elf.ehdr[10] * PHDR.size)]
    places += [(elf.shoff, elf.shnum * SHDR.size)] * 3
    for section in elf.sections:
        if elf.name(section) in REGIONS and section[5] > 0:
            places.append((section[4], section[5]))
    for _ in range(chance.randint(1, 12)):
        start, size = chance.choice(places)
        at = start + chance.randrange(size)
        width = min(chance.choice((1, 1, 2, 4, 8)), len(elf.data) - at)
        for i in range(width):
            elf.data[at + i] = chance.choice(VALUES) if chance.random() < 0.7 else chance.randrange(256)


KINDS = {
    "endless-names": endless_names,
    "long-name": long_name,
    "control-names": control_names,
    "huge-sizes": huge_sizes,
    "cyclic-cfi": cyclic_cfi,
}


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def main():
    kind, source, target = sys.argv[1:4]
    with open(source, "rb") as file:
        good = file.read()
    if kind == "mutate":
        for seed in range(int(sys.argv[4])):
            elf = Elf(good)
            mutate(elf, seed)
            write(f"{target}/{seed}.so", elf.data)
    else:
        elf = Elf(good)
        KINDS[kind](elf)
        write(target, elf.result())


if __name__ == "__main__":
    main()
