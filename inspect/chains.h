// SPDX-License-Identifier: GPL-2.0-or-later
// The distinct chains of a process's threads. Most threads of a pool wait at one place, with one
// chain: it is kept, named and sent once.
#pragma once

#include "unwind.h"

#include <stddef.h>
#include <stdint.h>

struct chain_row {
	size_t first, count; // in the table's frames
	struct stack_end end;
	uint64_t hash;
};

struct chains {
	struct unwind_frame *frames;
	size_t frame_count, frame_capacity;
	struct chain_row *rows;
	size_t count, capacity;
	uint32_t *slots; // a power of two of them, index + 1 or 0
	size_t slot_count;
};

// Makes an empty table. Fails with -ENOMEM.
int chains_init(struct chains *chains);

// Accepts a zeroed one.
void chains_fini(struct chains *chains);

// The index of the row for the COUNT FRAMES, innermost first, that END ends, into *RET: that of an
// equal one, or a new one. Fails with -ENOMEM; the table is then as it was.
int chains_add(struct chains *chains, const struct unwind_frame *frames, size_t count,
	const struct stack_end *end, uint32_t *ret);
