// SPDX-License-Identifier: GPL-2.0-or-later
// The positions that were found for addresses of a module, kept with it as its names are (names.h):
// debug information is read for addresses that are new, not once more for each process that has the
// file mapped.
#pragma once

#include "module.h"
#include "positions.h"

struct positions_kept {
	struct position_query *rows; // hash table, owned; one that was asked for may have no rows
	bool *used;
	size_t count, slot_count;         // a power of two, or 0
	struct positions_trouble trouble; // the worst so far
};

// Those of MODULE, or NULL (no memory).
struct positions_kept *positions_kept_of(struct module *module);

// Takes over the rows of QUERY, an address that was not asked for before. Fails with -ENOMEM; QUERY
// has its rows then.
int positions_kept_take(struct positions_kept *kept, struct position_query *query);

// Notes TROUBLE, unless there is a worse one.
void positions_kept_trouble(struct positions_kept *kept, const struct positions_trouble *trouble);

// What is known of VADDR, or NULL: it was not asked for yet. Valid until the next
// positions_kept_take().
const struct position_query *positions_kept_find(const struct positions_kept *kept, uint64_t vaddr);

// Forgets all. Accepts a zeroed one.
void positions_kept_fini(struct positions_kept *kept);
