// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses that an entry of debug information covers. DWARF 5, 2.17.
#pragma once

#include "dbgunit.h"

// Calls VISIT with ARG for each range [LOW, HIGH) of the entry of UNIT that has VALUES. Ranges that
// begin at 0 or at the end of all addresses are left out: the linker has dropped what was there.
void dbg_ranges_each(const struct dbg_unit *unit, const struct dbg_value *values,
	void (*visit)(void *arg, uint64_t low, uint64_t high), void *arg);
