# SPDX-License-Identifier: GPL-2.0-or-later
# debug_bombs.py PROGRAM DIR: copies of PROGRAM, an executable with a fixed address, into DIR, with
# debug information that is hostile in one way each.
# debug_bombs.py PROGRAM DIR COUNT: COUNT copies in each of which some bytes of it are anything.
import random
import struct
import subprocess
import sys

LARGE = 8 << 20
program, folder = sys.argv[1], sys.argv[2]


def section_of(name):
    listed = subprocess.run(["readelf", "-SW", program], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 5 and words[1] == name:
            return int(words[3], 16), int(words[4], 16), int(words[5], 16)
    raise SystemExit(f"no {name}")


TEXT, _, TEXT_LEN = section_of(".text")
# Tables of abbreviations: a unit, a function, an inlined one, a block, one with a list of ranges.
ABBREVS = bytes([1, 0x11, 1, 0x11, 1, 0x12, 6, 0x10, 0x17, 0, 0,
                 2, 0x2E, 1, 0x11, 1, 0x12, 6, 3, 8, 0, 0,
                 3, 0x1D, 1, 0x11, 1, 0x12, 6, 0x31, 0x13, 0, 0,
                 4, 0x0B, 1, 0, 0,
                 5, 0x1D, 0, 0x55, 0x17, 0, 0, 0])
UNIT = bytes([1]) + struct.pack("<QII", TEXT, TEXT_LEN, 0)
FUNCTION = bytes([2]) + struct.pack("<QI", TEXT, TEXT_LEN) + b"f\0"
HEAD = 11


def unit(entries, length=None):
    body = struct.pack("<HIB", 4, 0, 8) + UNIT + entries
    return struct.pack("<I", len(body) if length is None else length) + body


def inlined(origin):
    return bytes([3]) + struct.pack("<QII", TEXT, TEXT_LEN, origin)


def leb(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


first = HEAD + len(UNIT) + len(FUNCTION)
line_head = struct.pack("<H", 4)
line_rest = bytes([1, 1, 1, 0xFD, 12, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0]) + b"a.c\0\0\0\0\0"
line_body = line_head + struct.pack("<I", len(line_rest)) + line_rest
line_start = bytes([0, 9, 2]) + struct.pack("<Q", TEXT)

# What each is: its sections.
bombs = {
    "deep": {"info": unit(bytes([4]) * LARGE)},
    "deep_inlined": {"info": unit(FUNCTION + inlined(first) * 2000)},
    "cyclic": {"info": unit(FUNCTION + inlined(first) + bytes(3))},
    "foreign": {"info": unit(FUNCTION + inlined(0x7FFFFFF0) + bytes(3))},
    "endless": {"info": unit(FUNCTION, 0xFFFFFFF0 - 1)},
    "wide": {"info": struct.pack("<IQ", 0xFFFFFFFF, 1 << 40) + unit(FUNCTION)},
    "units": {"info": (struct.pack("<I", 7) + bytes([4, 0, 0, 0, 0, 0, 8])) * (LARGE // 11)},
    "abbrevs": {"info": unit(FUNCTION),
                "abbrev": ABBREVS[:-1] + b"".join(leb(6 + i) + bytes([0x34, 0, 3, 8, 0, 0]) for i in range(LARGE // 16))},
    "spec": {"info": unit(FUNCTION), "abbrev": bytes([1, 0x11, 1]) + bytes([3, 8]) * (LARGE // 4)},
    "ranges": {"info": unit(FUNCTION + (bytes([5]) + bytes(4)) * 100000),
               "ranges": struct.pack("<QQ", 1, 1) * 100000},
    "lines": {"info": unit(FUNCTION + bytes(2)),
              "line": struct.pack("<I", len(line_body + line_start) + LARGE * 9)
              + line_body + line_start + bytes([16]) * (LARGE * 9)},
    "name": {"info": unit(FUNCTION + inlined(first) + bytes(3)),
             "abbrev": ABBREVS.replace(bytes([0x31, 0x13]), bytes([3, 6]))},
}


def write(name, sections):
    options = []
    for section, content in {"abbrev": ABBREVS, **sections}.items():
        path = f"{folder}/{name}.{section}"
        with open(path, "wb") as out:
            out.write(content)
        options += ["--remove-section", f".debug_{section}", "--add-section", f".debug_{section}={path}"]
    subprocess.run(["objcopy", "--remove-section", ".debug_aranges", *options, program, f"{folder}/{name}"], check=True)


def write_packed():
    subprocess.run(["objcopy", "--compress-debug-sections=zlib", program, f"{folder}/packed"], check=True)
    with open(f"{folder}/packed", "r+b") as file:
        listed = subprocess.run(["readelf", "-SW", f"{folder}/packed"], capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines():
            words = line.replace("[ ", "[").split()
            if len(words) > 5 and words[1] == ".debug_info":
                file.seek(int(words[4], 16) + 8)
                file.write(struct.pack("<Q", 1 << 40))


def damage(count):
    with open(program, "rb") as file:
        whole = file.read()
    parts = [section_of(f".debug_{name}") for name in ("info", "abbrev", "line", "aranges", "str")]
    for number in range(count):
        random.seed(number)
        copy = bytearray(whole)
        for _ in range(random.choice((1, 4, 40))):
            _, offset, length = random.choice(parts)
            copy[offset + random.randrange(length)] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
        with open(f"{folder}/damaged_{number}", "wb") as out:
            out.write(copy)


if len(sys.argv) > 3:
    damage(int(sys.argv[3]))
else:
    for bomb, content in bombs.items():
        write(bomb, content)
    write_packed()
