// SPDX-License-Identifier: GPL-2.0-or-later
// Passing over the entries of a unit.
#include "dbginline.h"

#include "cleanup.h"
#include "dbgrange.h"

#include <dwarf.h>

enum {
	DEPTH_MAX = 1024, // of entries in entries
	LEVELS_MAX = 256, // of functions in functions
};

struct scan {
	const struct dbg_unit *unit;
	const uint64_t *pcs;
	size_t count;
	struct dbg_chain *chains;
	uint32_t depth;
	uint64_t serial;              // entries so far
	uint64_t open[DEPTH_MAX + 1]; // the serial of the last entry at each depth
	struct dbg_inlined level;     // the one that is being looked at
	bool is_inlined;
	bool failed;
};

static bool add_level(struct dbg_chain *chain, const struct dbg_inlined *level)
{
	if (chain->count == LEVELS_MAX)
		return false;
	if (chain->count == chain->capacity) {
		size_t capacity = 2 * chain->capacity + 4;
		struct dbg_inlined *grown = reallocarray(chain->levels, capacity, sizeof(*grown));
		if (!grown)
			return false;
		chain->levels = grown;
		chain->capacity = capacity;
	}
	chain->levels[chain->count++] = *level;
	return true;
}

// True when the entry that is being looked at lies in that of LEVEL.
static bool is_inside(const struct scan *scan, const struct dbg_inlined *level)
{
	return level->depth < scan->depth && scan->open[level->depth] == level->serial;
}

static void take_range(void *arg, uint64_t low, uint64_t high)
{
	struct scan *scan = arg;
	size_t first = 0, end = scan->count;

	// A compiler names the part first that is entered.
	scan->level.start = scan->level.start == 0 ? low : UINT64_MAX;
	while (first < end) {
		size_t middle = first + (end - first) / 2;
		if (scan->pcs[middle] < low)
			first = middle + 1;
		else
			end = middle;
	}
	for (; first < scan->count && scan->pcs[first] < high; first++) {
		struct dbg_chain *chain = &scan->chains[first];
		bool fits = scan->is_inlined
				    ? chain->count > 0 &&
					      is_inside(scan, &chain->levels[chain->count - 1])
				    : chain->count == 0;
		if (fits && !add_level(chain, &scan->level))
			scan->failed = true;
	}
}

// Reads the entry of kind ABBREV at CURSOR, which begins at OFFSET.
static void read_entry(struct scan *scan, const struct dbg_abbrevs *abbrevs,
	const struct dbg_abbrev *abbrev, struct dbg_cursor *cursor, uint64_t offset)
{
	struct dbg_value values[DBG_ATTRIBUTE_COUNT];

	scan->open[scan->depth] = ++scan->serial;
	scan->is_inlined = abbrev->tag == DW_TAG_inlined_subroutine;
	if (!scan->is_inlined && abbrev->tag != DW_TAG_subprogram) {
		dbg_values_read(scan->unit, abbrevs, abbrev, cursor, NULL);
		return;
	}
	dbg_values_read(scan->unit, abbrevs, abbrev, cursor, values);
	scan->level = (struct dbg_inlined){.entry = offset,
		.call_file = values[DBG_CALL_FILE].number,
		.call_line = values[DBG_CALL_LINE].number,
		.depth = scan->depth,
		.serial = scan->serial};
	dbg_ranges_each(scan->unit, values, take_range, scan);
}

// Passes over all entries. Returns what was wrong.
static enum dbg_trouble pass(struct scan *scan, const struct dbg_abbrevs *abbrevs)
{
	const struct dbg_unit *unit = scan->unit;
	const unsigned char *start = dbg_section(unit->file, DBG_INFO).at;
	struct dbg_cursor cursor = dbg_unit_entries(unit, unit->first);

	while (!scan->failed && cursor.at < cursor.end) {
		uint64_t offset = (uint64_t)(cursor.at - start), code = dbg_uleb(&cursor);
		if (!dbg_step(unit->file->limits, 1))
			return DBG_TOO_LARGE;
		if (code == 0) {
			if (scan->depth <= 1)
				break;
			scan->depth--;
			continue;
		}
		const struct dbg_abbrev *abbrev = dbg_abbrevs_find(abbrevs, code);
		if (!abbrev)
			return DBG_BROKEN;
		read_entry(scan, abbrevs, abbrev, &cursor, offset);
		if (abbrev->has_children && scan->depth++ == DEPTH_MAX)
			return DBG_TOO_LARGE;
		if (!abbrev->has_children && scan->depth == 0)
			break;
	}
	return scan->failed ? DBG_TOO_LARGE : cursor.failed ? DBG_BROKEN : DBG_FINE;
}

bool dbg_inlined_find(
	const struct dbg_unit *unit, const uint64_t *pcs, size_t count, struct dbg_chain *chains)
{
	struct dbg_abbrevs abbrevs = {0};
	struct scan *scan = calloc(1, sizeof(*scan));
	enum dbg_trouble trouble = DBG_TOO_LARGE;

	if (scan && dbg_abbrevs_read(unit, &abbrevs)) {
		*scan = (struct scan){.unit = unit, .pcs = pcs, .count = count, .chains = chains};
		trouble = pass(scan, &abbrevs);
	}
	dbg_abbrevs_fini(&abbrevs);
	free(scan);
	dbg_trouble(unit->file->limits, trouble);
	return trouble == DBG_FINE;
}
