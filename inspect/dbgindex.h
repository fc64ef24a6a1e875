// SPDX-License-Identifier: GPL-2.0-or-later
// Which units of debug information addresses belong to.
#pragma once

#include "dbgunit.h"

// Finds, for each of the COUNT addresses PCS (ascending), where the unit that covers it begins in
// .debug_info of FILE, into UNITS; UINT64_MAX where none does. Looks into .debug_aranges, and,
// for what that leaves, at the first entry of each unit.
void dbg_index_find(struct dbg_file *file, const uint64_t *pcs, size_t count, uint64_t *units);

// Finds where the part of the package FILE begins that is the split unit ID, into *RET. DWARF 5,
// 7.3.5.3. Returns false when there is none.
bool dbg_package_find(struct dbg_file *file, uint64_t id, struct dbg_part *ret);
