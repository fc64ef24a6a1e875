// SPDX-License-Identifier: GPL-2.0-or-later
// Debug information of one ELF file: its sections, its units. DWARF 2 to 5, with the GNU forms of
// split DWARF and of dwz.
//
// Theory of operation. Debug information is the largest and the most intricate of what a hostile
// file can hold, and libdw, made for files that one trusts, reads it without bounds (whole tables
// of lines and addresses into memory, nesting by recursion), opens what a unit names by itself, and
// knows neither packages of split units nor, without .debug_aranges, where an address belongs. So
// little of it is read, and that here: no table is built of what is read once, nothing recurses,
// every loop takes a step from the file's budget, and reading ends, for this module, when there is
// none left. Sections are looked at in place; only what is compressed is unpacked, when it is first
// asked for, within the budget of all that is. That costs a hundred times what is read of it, so
// who has not asked for all that is known of a module gets large sections only where they are not.
#pragma once

#include "buildid.h"
#include "dbgcursor.h"

#include <libelf.h>

enum dbg_section {
	DBG_INFO,
	DBG_ABBREV,
	DBG_LINE,
	DBG_STR,
	DBG_LINE_STR,
	DBG_STR_OFFSETS,
	DBG_ADDR,
	DBG_RANGES,
	DBG_RNGLISTS,
	DBG_ARANGES,
	DBG_CU_INDEX,
	DBG_SECTION_COUNT,
};

enum {
	DBG_STEPS_MAX = 1 << 26, // of all that is read for one module
	DBG_STEPS_SUM = 1 << 28, // and for all of them
};

// Why debug information was not read, the worst last.
enum dbg_trouble {
	DBG_FINE,
	DBG_LEFT,      // it is compressed, and large, and not asked for expressly
	DBG_NO_SPLIT,  // units are elsewhere (.dwo), and were not found
	DBG_NO_ALT,    // another file that it refers to (dwz) was not found
	DBG_OTHER,     // where such a file should be is something else
	DBG_BROKEN,    // it contradicts itself
	DBG_TOO_LARGE, // it takes more steps, or memory, than may be
	DBG_PACKED,    // it is compressed in a way that is not known
	DBG_TROUBLE_COUNT,
};

// What reading may still cost, and what was wrong: of one module, shared by all of its files.
struct dbg_limits {
	size_t *unpack_budget; // bytes
	size_t unpack_most;    // of one module; what is larger is left
	uint32_t steps;        // left
	enum dbg_trouble trouble;
};

struct dbg_file {
	struct dbg_limits *limits;
	Elf *elf; // borrowed
	bool is_split;
	struct dbg_packed {
		struct dbg_bytes bytes; // as they stand in the file
		bool compressed, old;   // with a header of ELF's; of GNU's
		bool looked;            // it was unpacked, or tried
		unsigned char *unpacked;
	} packed[DBG_SECTION_COUNT];
	struct dbg_bytes sections[DBG_SECTION_COUNT]; // those that were looked at
	uint64_t *units; // where the units of .debug_info begin, once that was asked
	size_t unit_count;
	bool units_known;
	// The file that a dwz link names, asked for once.
	struct dbg_file *(*find_alt)(void *arg, struct dbg_file *file);
	void *find_alt_arg;
	struct dbg_file *alt;
	bool alt_sought;
};

// Notes TROUBLE, unless there is a worse one.
void dbg_trouble(struct dbg_limits *limits, enum dbg_trouble trouble);

// Takes COUNT steps from LIMITS. Returns false, from then on, when there are none left.
static inline bool dbg_step(struct dbg_limits *limits, uint32_t count)
{
	if (limits->steps < count) {
		limits->steps = 0;
		dbg_trouble(limits, DBG_TOO_LARGE);
		return false;
	}
	limits->steps -= count;
	return true;
}

// True when ELF (or NULL) has debug information, which is not compressed, or has at most MOST bytes
// without that. Zeros are none: that is what a file has for it that was kept without.
bool dbg_is_in(Elf *elf, uint64_t most);

// Opens the debug sections of ELF, those of split units if IS_SPLIT, into *RET. Both LIMITS and ELF
// must outlive it.
void dbg_file_init(struct dbg_file *ret, Elf *elf, bool is_split, struct dbg_limits *limits);

// Frees what was unpacked. Accepts a zeroed one.
void dbg_file_fini(struct dbg_file *file);

// The bytes of SECTION of FILE, unpacked; none when there are none that can be read.
struct dbg_bytes dbg_section(struct dbg_file *file, enum dbg_section section);

// Notes that SECTION of FILE is broken; one that was left, or is not there, is not.
void dbg_section_broken(struct dbg_file *file, enum dbg_section section);

// The string at OFFSET of SECTION of FILE, or NULL.
const char *dbg_file_string(struct dbg_file *file, enum dbg_section section, uint64_t offset);

// The beginning of the unit of FILE that holds OFFSET of .debug_info, into *RET.
bool dbg_file_unit_of(struct dbg_file *file, uint64_t offset, uint64_t *ret);

// What the dwz link of ELF says: the file's name and its build id. Returns false when there is
// none.
bool dbg_alt_link(Elf *elf, const char **ret_name, struct buildid *ret_id);

// The file that the dwz link of FILE names, or NULL.
struct dbg_file *dbg_file_alt(struct dbg_file *file);
