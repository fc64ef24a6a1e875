// SPDX-License-Identifier: GPL-2.0-or-later
// Names of code that run-time compilers have made, as they have written them down.
//
// Theory of operation. Compilers say what they have made where, one piece of code after the other,
// and not what they have thrown away: the memory of that is used again, and the new code is written
// down as well. So of what covers an address the latest counts; and when something that came later
// covers a part of that, but not the address, it is gone, and what is at the address now is not
// known. A wrong name is worse than none.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jitname {
	uint64_t start, end;
	const char *text; // not NUL-terminated, and not owned
	uint32_t len;     // bytes of it
	uint32_t serial;  // the larger, the later
};

struct jitnames {
	struct jitname *rows; // once sealed, ascending by start
	uint64_t *reach;      // parallel: the largest end of this row and those before it
	size_t count, capacity;
	bool broken; // something is missing: no name can be trusted
};

enum { JITNAMES_MAX = 1 << 21 };

// Adds that there is code of LEN bytes at START, after all that was added before. TEXT, TEXT_LEN
// bytes (0: it has no name), must outlive NAMES. Nothing is added when it wraps around, or is
// empty. When there is no memory, or more is added than JITNAMES_MAX, NAMES is broken and has no
// names.
void jitnames_add(
	struct jitnames *names, uint64_t start, uint64_t len, const char *text, size_t text_len);

// Makes NAMES ready for jitnames_find(); nothing can be added after.
void jitnames_seal(struct jitnames *names);

// The name of the code at ADDR, or NULL.
const struct jitname *jitnames_find(const struct jitnames *names, uint64_t addr);

// Frees all. Accepts a zeroed one.
void jitnames_fini(struct jitnames *names);
