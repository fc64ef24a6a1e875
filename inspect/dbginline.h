// SPDX-License-Identifier: GPL-2.0-or-later
// Which functions the code at an address was inlined from. DWARF 5, 3.3.8.
//
// Theory of operation. The entries of a unit are passed once, in their order, for all addresses
// that are asked for; how deep each lies is counted. The first function that covers an address is
// the one that it belongs to; an inlined one counts only inside of it, and inside of the inlined
// one before it.
#pragma once

#include "dbgunit.h"

// One function that was inlined into another.
struct dbg_inlined {
	uint64_t entry;                // its entry in .debug_info
	uint64_t call_file, call_line; // where it was called
	uint32_t depth;                // its entry's, and what tells that from others
	uint64_t serial;
	uint64_t start; // where its code begins; UINT64_MAX: the address is in another part of it
};

// Those of an address, the outermost first. The first one is the function itself.
struct dbg_chain {
	struct dbg_inlined *levels;
	size_t count, capacity;
};

// Finds the chains of the COUNT addresses PCS (ascending), of UNIT, into CHAINS, which are zeroed,
// each for free() of its levels. Returns false when that could not be done to the end.
bool dbg_inlined_find(
	const struct dbg_unit *unit, const uint64_t *pcs, size_t count, struct dbg_chain *chains);
