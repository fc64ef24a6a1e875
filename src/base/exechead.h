// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of the first bytes of an executable: what the kernel will start for it, execve(2).
#pragma once

#include <stddef.h>

enum exechead_kind {
	EXECHEAD_UNKNOWN, // neither of the others: a shell runs it as a script
	EXECHEAD_STATIC,  // ELF without an interpreter
	EXECHEAD_ELF,     // ELF with an interpreter
	EXECHEAD_SCRIPT,  // "#!" with an interpreter
};

enum { EXECHEAD_READ = 4096 }; // how many bytes of a file to read for it

struct exechead {
	enum exechead_kind kind;
	char interpreter[256]; // a path, NUL-terminated; empty for the first two kinds
};

// Parses the first LEN bytes (EXECHEAD_READ of a longer file) of an executable. What cannot be
// read (a program header table behind LEN, another word size) is EXECHEAD_UNKNOWN.
struct exechead exechead_parse(const void *bytes, size_t len);
