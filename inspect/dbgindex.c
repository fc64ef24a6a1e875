// SPDX-License-Identifier: GPL-2.0-or-later
// Finding units by their addresses, or by their ids.
#include "dbgindex.h"

#include "dbgrange.h"

#include <dwarf.h>

enum {
	ARANGES_VERSION = 2,
	PACKAGE_COLUMNS_MAX = 32,
	PACKAGE_UNITS_MAX = 1 << 20,
};

// What is looked for, and what was found.
struct search {
	const uint64_t *pcs;
	size_t count, left;
	uint64_t *units;
	uint64_t unit; // that the ranges are of
};

static void take_range(void *arg, uint64_t low, uint64_t high)
{
	struct search *search = arg;
	size_t first = 0, end = search->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;
		if (search->pcs[middle] < low)
			first = middle + 1;
		else
			end = middle;
	}
	for (; first < search->count && search->pcs[first] < high; first++) {
		if (search->units[first] != UINT64_MAX)
			continue;
		search->units[first] = search->unit;
		search->left--;
	}
}

// Reads the ranges of one unit, which stand at CURSOR up to its end. DWARF 5, 6.1.2.
static void read_set(struct dbg_file *file, struct search *search, struct dbg_cursor cursor,
	const unsigned char *start, uint8_t offset_len)
{
	uint64_t version = dbg_number(&cursor, 2);
	search->unit = dbg_number(&cursor, offset_len);
	uint8_t len = dbg_byte(&cursor), segment_len = dbg_byte(&cursor);

	if (cursor.failed || version != ARANGES_VERSION || (len != 4 && len != 8) ||
		segment_len != 0 || search->unit >= dbg_section(file, DBG_INFO).len)
		return;
	size_t head = (size_t)(cursor.at - start) % (2 * (size_t)len);
	dbg_take(&cursor, head > 0 ? 2 * (size_t)len - head : 0);
	while (search->left > 0 && dbg_step(file->limits, 1)) {
		uint64_t low = dbg_number(&cursor, len), size = dbg_number(&cursor, len);
		if (cursor.failed || (low == 0 && size == 0))
			return;
		if (low != 0 && low + size > low)
			take_range(search, low, low + size);
	}
}

static void search_aranges(struct dbg_file *file, struct search *search)
{
	struct dbg_cursor cursor = dbg_cursor_at(dbg_section(file, DBG_ARANGES), 0);

	while (search->left > 0 && !cursor.failed && cursor.at < cursor.end &&
		dbg_step(file->limits, 1)) {
		const unsigned char *start = cursor.at;
		uint8_t offset_len;
		uint64_t len = dbg_length(&cursor, &offset_len);
		struct dbg_cursor set = cursor;
		if (!dbg_take(&cursor, len))
			return;
		set.end = cursor.at;
		read_set(file, search, set, start, offset_len);
	}
}

static void search_units(struct dbg_file *file, struct search *search)
{
	struct dbg_cursor cursor = dbg_cursor_at(dbg_section(file, DBG_INFO), 0);
	struct dbg_unit unit;

	while (search->left > 0 && !cursor.failed && cursor.at < cursor.end &&
		dbg_step(file->limits, 1)) {
		uint8_t offset_len;
		search->unit = (uint64_t)(cursor.at - dbg_section(file, DBG_INFO).at);
		if (dbg_unit_read(file, search->unit, NULL, NULL, &unit) &&
			unit.type != DW_UT_partial)
			dbg_ranges_each(&unit, unit.values, take_range, search);
		dbg_take(&cursor, dbg_length(&cursor, &offset_len));
	}
}

void dbg_index_find(struct dbg_file *file, const uint64_t *pcs, size_t count, uint64_t *units)
{
	struct search search = {.pcs = pcs, .count = count, .left = count, .units = units};

	for (size_t i = 0; i < count; i++)
		units[i] = UINT64_MAX;
	search_aranges(file, &search);
	search_units(file, &search);
}

// The head of a package's index.
struct package {
	uint64_t version, columns, units, slots;
	struct dbg_cursor ids, rows, table; // the hash table's two halves; what is behind it
};

static bool read_package(struct dbg_file *file, struct package *ret)
{
	struct dbg_cursor cursor = dbg_cursor_at(dbg_section(file, DBG_CU_INDEX), 0);

	// 2 and 5: in the former the whole word is the version.
	ret->version = dbg_number(&cursor, 4) & 0xffff;
	ret->columns = dbg_number(&cursor, 4);
	ret->units = dbg_number(&cursor, 4);
	ret->slots = dbg_number(&cursor, 4);
	ret->ids = cursor;
	dbg_take(&cursor, 8 * ret->slots);
	ret->rows = cursor;
	dbg_take(&cursor, 4 * ret->slots);
	ret->table = cursor;
	return !cursor.failed && (ret->version == 2 || ret->version == 5) &&
	       ret->columns <= PACKAGE_COLUMNS_MAX && ret->units <= PACKAGE_UNITS_MAX;
}

// The row, from 1 on, of unit ID; 0: there is none.
static uint64_t find_row(struct dbg_file *file, struct package *package, uint64_t id)
{
	for (uint64_t slot = 0; slot < package->slots && dbg_step(file->limits, 1); slot++) {
		uint64_t its_id = dbg_number(&package->ids, 8);
		uint64_t row = dbg_number(&package->rows, 4);
		if (its_id == id && row != 0)
			return row;
	}
	return 0;
}

bool dbg_package_find(struct dbg_file *file, uint64_t id, struct dbg_part *ret)
{
	struct package package;
	struct dbg_part part = {0};
	bool has_info = false;

	if (!read_package(file, &package))
		return false;
	uint64_t row = find_row(file, &package, id);
	if (row == 0 || row > package.units)
		return false;
	struct dbg_cursor kinds = package.table;
	dbg_take(&package.table, 4 * package.columns * row); // the kinds, and the rows before it
	for (uint64_t i = 0; i < package.columns; i++) {
		uint64_t kind = dbg_number(&kinds, 4), offset = dbg_number(&package.table, 4);
		has_info |= kind == DW_SECT_INFO;
		if (kind == DW_SECT_INFO)
			part.info = offset;
		else if (kind == DW_SECT_ABBREV)
			part.abbrev = offset;
		else if (kind == DW_SECT_STR_OFFSETS)
			part.str_offsets = offset;
		else if (kind == DW_SECT_RNGLISTS && package.version == 5)
			part.rnglists = offset;
	}
	*ret = part;
	return has_info && !package.table.failed;
}
