// SPDX-License-Identifier: GPL-2.0-or-later
// The names that were found for addresses of a module, kept with it: a table of a million symbols
// is walked for addresses that are new, not once more for each process that has the file mapped.
#pragma once

#include "module.h"

struct name {
	uint64_t start; // where it begins, ELF virtual address
	char *text;     // as it is shown
	// What was sent of it last: its number, in which turn; 0: nothing was.
	uint32_t number, turn;
};

struct names_row {
	uint64_t vaddr;
	struct name *name; // NULL: there is none
};

struct names {
	struct name **names; // owned
	size_t name_count, name_capacity;
	struct names_row *rows; // hash table; a free one has no vaddr
	bool *used;
	size_t count, slot_count; // a power of two, or 0
};

// Those of MODULE, or NULL (no memory).
struct names *names_of(struct module *module);

// Takes TEXT as a name that begins at START. TEXT is NAMES' in any case. Returns NULL when there is
// no memory.
struct name *names_make(struct names *names, uint64_t start, char *text);

// Remembers that VADDR has NAME, which names_make() has made or is NULL. Fails with -ENOMEM.
int names_put(struct names *names, uint64_t vaddr, struct name *name);

// The row of VADDR, or NULL: it was not asked for yet. Valid until the next names_put().
const struct names_row *names_find(const struct names *names, uint64_t vaddr);

// Frees all. Accepts a zeroed one.
void names_fini(struct names *names);
