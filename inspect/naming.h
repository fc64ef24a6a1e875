// SPDX-License-Identifier: GPL-2.0-or-later
// Looking for the names of addresses in a module, and in what there is beside it.
#pragma once

#include "names.h"
#include "space.h"
#include "symbols.h"

// Finds names for the COUNT QUERIES (ascending by vaddr), which lie in module INDEX of SPACE, and
// keeps them with it (names.h), as people see them unless RAW. What there is beside the module is
// looked for where names are missing, but for a debug file that was asked for ahead: that is taken
// before. Fails with -ENOMEM.
int naming_find(
	struct space *space, int index, bool raw, struct symbol_query *queries, size_t count);
