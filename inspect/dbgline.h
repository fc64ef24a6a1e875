// SPDX-License-Identifier: GPL-2.0-or-later
// Line number programs: which line of which file an address is from. DWARF 5, 6.2.
//
// Theory of operation. A program is run once for all addresses that are asked for; no table is made
// of it. Each row that it makes ends the one before: what was asked for between them has its line.
#pragma once

#include "dbgunit.h"

struct dbg_line {
	bool found;
	uint64_t file; // as dbg_line_file() takes it
	uint64_t line; // 0: none
};

// Finds the lines of the COUNT addresses PCS (ascending), of UNIT, into LINES. Returns false when
// UNIT has no line numbers.
bool dbg_lines_find(
	const struct dbg_unit *unit, const uint64_t *pcs, size_t count, struct dbg_line *lines);

// The path of file INDEX of the line numbers of UNIT: absolute as far as UNIT knows it. Returns a
// new string of at most DBG_PATH_MAX bytes, or NULL.
char *dbg_line_file(const struct dbg_unit *unit, uint64_t index);

enum { DBG_PATH_MAX = 3900 };
