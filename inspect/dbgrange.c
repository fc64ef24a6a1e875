// SPDX-License-Identifier: GPL-2.0-or-later
// .debug_ranges and .debug_rnglists.
#include "dbgrange.h"

#include <dwarf.h>

// A list that is being read.
struct list {
	const struct dbg_unit *unit;
	struct dbg_cursor cursor;
	uint64_t base;
	void (*visit)(void *arg, uint64_t low, uint64_t high);
	void *arg;
};

static void show(const struct list *list, uint64_t low, uint64_t high)
{
	if (low != 0 && low < high && low < UINT64_MAX - 1)
		list->visit(list->arg, low, high);
}

// The unit whose file has the lists of before DWARF 5, and the addresses.
static const struct dbg_unit *owner_of(const struct dbg_unit *unit)
{
	return unit->skeleton ? unit->skeleton : unit;
}

static void read_pairs(struct list *list)
{
	uint8_t len = list->unit->address_len;
	uint64_t most = len == 8 ? UINT64_MAX : UINT32_MAX;

	while (dbg_step(list->unit->file->limits, 1)) {
		uint64_t low = dbg_number(&list->cursor, len);
		uint64_t high = dbg_number(&list->cursor, len);
		if (list->cursor.failed || (low == 0 && high == 0))
			break;
		if (low == most)
			list->base = high;
		else
			show(list, list->base + low, list->base + high);
	}
}

// Reads one entry of a list of DWARF 5. Returns false behind the last.
static bool read_entry(struct list *list)
{
	const struct dbg_unit *unit = list->unit;
	struct dbg_cursor *cursor = &list->cursor;
	uint8_t kind = dbg_byte(cursor), len = unit->address_len;
	uint64_t low, high;

	switch (kind) {
	case DW_RLE_base_addressx:
		return dbg_unit_address(unit, dbg_uleb(cursor), &list->base);
	case DW_RLE_startx_endx:
		if (!dbg_unit_address(unit, dbg_uleb(cursor), &low) ||
			!dbg_unit_address(unit, dbg_uleb(cursor), &high))
			return false;
		break;
	case DW_RLE_startx_length:
		if (!dbg_unit_address(unit, dbg_uleb(cursor), &low))
			return false;
		high = low + dbg_uleb(cursor);
		break;
	case DW_RLE_offset_pair:
		low = list->base + dbg_uleb(cursor);
		high = list->base + dbg_uleb(cursor);
		break;
	case DW_RLE_base_address:
		list->base = dbg_number(cursor, len);
		return !cursor->failed;
	case DW_RLE_start_end:
		low = dbg_number(cursor, len);
		high = dbg_number(cursor, len);
		break;
	case DW_RLE_start_length:
		low = dbg_number(cursor, len);
		high = low + dbg_uleb(cursor);
		break;
	default: // DW_RLE_end_of_list, or what nobody knows
		return false;
	}
	if (!cursor->failed)
		show(list, low, high);
	return !cursor->failed;
}

// Where the list that VALUE of UNIT names begins, in .debug_rnglists.
static struct dbg_cursor find_list(const struct dbg_unit *unit, const struct dbg_value *value)
{
	struct dbg_bytes lists = dbg_section(unit->file, DBG_RNGLISTS);
	uint64_t offset = value->number;

	if (value->form == DW_FORM_rnglistx) {
		if (offset >= lists.len)
			return (struct dbg_cursor){.failed = true};
		struct dbg_cursor table =
			dbg_cursor_at(lists, unit->rnglists_base + offset * unit->offset_len);
		offset = unit->rnglists_base + dbg_number(&table, unit->offset_len);
		if (table.failed)
			return table;
	}
	return dbg_cursor_at(lists, offset);
}

static void read_list(struct list *list, const struct dbg_value *value)
{
	const struct dbg_unit *unit = list->unit, *owner = owner_of(unit);

	if (unit->version >= 5) {
		list->cursor = find_list(unit, value);
		while (dbg_step(unit->file->limits, 1) && read_entry(list))
			;
	} else {
		list->cursor = dbg_cursor_at(dbg_section(owner->file, DBG_RANGES),
			value->number + (unit->skeleton ? owner->gnu_ranges_base : 0));
		read_pairs(list);
	}
	if (list->cursor.failed)
		dbg_section_broken(unit->version >= 5 ? unit->file : owner->file,
			unit->version >= 5 ? DBG_RNGLISTS : DBG_RANGES);
}

void dbg_ranges_each(const struct dbg_unit *unit, const struct dbg_value *values,
	void (*visit)(void *arg, uint64_t low, uint64_t high), void *arg)
{
	struct list list = {.unit = unit, .base = unit->low_pc, .visit = visit, .arg = arg};
	const struct dbg_value *high = &values[DBG_HIGH_PC];
	uint64_t low_pc, high_pc = high->number;

	if (values[DBG_RANGE_LIST].form != 0) {
		read_list(&list, &values[DBG_RANGE_LIST]);
		return;
	}
	if (high->form == 0 || !dbg_value_address(unit, &values[DBG_LOW_PC], &low_pc))
		return;
	if (!dbg_value_is_address(high))
		high_pc += low_pc;
	else if (!dbg_value_address(unit, high, &high_pc))
		return;
	show(&list, low_pc, high_pc);
}
