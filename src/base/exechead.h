// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of the first bytes of an executable: what the kernel will start for it, execve(2).
#pragma once

#include <stddef.h>

enum { EXECHEAD_READ = 4096 }; // how many bytes of a file to read for it

struct exechead {
	char interpreter[256]; // a path, NUL-terminated; empty when it has none
};

// Parses the first LEN bytes (EXECHEAD_READ of a longer file) of an executable: the interpreter
// after "#!", or that of an ELF file. What cannot be read (a program header table behind LEN,
// another word size) has none.
struct exechead exechead_parse(const void *bytes, size_t len);
