// SPDX-License-Identifier: GPL-2.0-or-later
// Where functions of a module begin, as far as its symbols, its call frame information and its code
// tell: targets of direct calls, and code addresses that are loaded. A stripped static program has
// nothing else.
#pragma once

#include "module.h"

struct entries {
	bool collected; // entries_of() has done it
	uint64_t *rows; // ascending: the address << 1, the lowest bit set when it is only loaded
	size_t count;
};

// Collects the entries of MODULE, which is open, into *RET. What there is no memory for is left
// out; hostile contents make at worst entries that are none.
void entries_init(struct entries *ret, const struct module *module);

// Those that are kept with MODULE, collected the first time, or none (no memory).
const struct entries *entries_of(struct module *module);

// Accepts a zeroed one.
void entries_fini(struct entries *entries);

// The number of entries at or below VADDR: that of the nearest is one less.
size_t entries_below(const struct entries *entries, uint64_t vaddr);

static inline uint64_t entries_at(const struct entries *entries, size_t index)
{
	return entries->rows[index] >> 1;
}

// True when VADDR is an entry.
bool entries_has(const struct entries *entries, uint64_t vaddr);

// True when VADDR is a function that is called, or has a name: nobody runs into it.
bool entries_is_called(const struct entries *entries, uint64_t vaddr);
