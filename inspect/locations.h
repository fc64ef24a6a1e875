// SPDX-License-Identifier: GPL-2.0-or-later
// The distinct code addresses of all stacks, each located and named once: a thousand threads share
// most of theirs.
#pragma once

#include "space.h"

struct location_row {
	uint64_t pc;    // the lookup address, see unwind_lookup_pc()
	int module;     // index, or SNAPSHOT_NO_MODULE
	uint64_t vaddr; // of pc in the module
	int symbol;     // number of its name, or -1
};

struct locations {
	struct location_row *rows;
	size_t count, capacity;
	uint32_t *slots;   // hash table of row numbers + 1
	size_t slot_count; // a power of two
};

// Prepares LOCATIONS. Fails with -ENOMEM.
int locations_init(struct locations *locations);

// Frees all. Accepts a zeroed one.
void locations_fini(struct locations *locations);

// The number of the row for PC, made and located in SPACE when it is new, into *RET. Fails with
// -ENOMEM.
int locations_add(struct locations *locations, struct space *space, uint64_t pc, uint32_t *ret);
