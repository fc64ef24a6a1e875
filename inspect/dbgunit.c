// SPDX-License-Identifier: GPL-2.0-or-later
// Units, abbreviations and entries.
#include "dbgunit.h"

#include "cleanup.h"
#include "dbgform.h"

#include <dwarf.h>

enum {
	ABBREVS_MAX = 1 << 18, // of one table
	SPECS_MAX = 1 << 20,
	HOPS_MAX = 16, // from a copy of a function to what names it
};

// Reads the row at CURSOR into *RET, but for its attributes. Returns false behind the last.
static bool read_row(struct dbg_cursor *cursor, struct dbg_abbrev *ret)
{
	*ret = (struct dbg_abbrev){.code = dbg_uleb(cursor)};
	if (ret->code == 0 || cursor->failed)
		return false;
	uint64_t tag = dbg_uleb(cursor);
	ret->tag = tag <= UINT32_MAX ? (uint32_t)tag : 0;
	ret->has_children = dbg_byte(cursor) == DW_CHILDREN_yes;
	return !cursor->failed;
}

static bool add_spec(struct dbg_abbrevs *abbrevs, const struct dbg_spec *spec)
{
	if (abbrevs->spec_count == abbrevs->spec_capacity) {
		size_t capacity = 2 * abbrevs->spec_capacity + 256;
		struct dbg_spec *grown = capacity > SPECS_MAX ? NULL
							      : reallocarray(abbrevs->specs,
									capacity, sizeof(*grown));
		if (!grown)
			return false;
		abbrevs->specs = grown;
		abbrevs->spec_capacity = capacity;
	}
	abbrevs->specs[abbrevs->spec_count++] = *spec;
	return true;
}

static bool add_row(struct dbg_abbrevs *abbrevs, const struct dbg_abbrev *row)
{
	if (abbrevs->count == abbrevs->capacity) {
		size_t capacity = 2 * abbrevs->capacity + 128;
		struct dbg_abbrev *grown =
			capacity > ABBREVS_MAX
				? NULL
				: reallocarray(abbrevs->rows, capacity, sizeof(*grown));
		if (!grown)
			return false;
		abbrevs->rows = grown;
		abbrevs->capacity = capacity;
	}
	abbrevs->rows[abbrevs->count++] = *row;
	return true;
}

// Reads the attributes of ROW at CURSOR. Returns false when there is no room for them.
static bool read_specs(const struct dbg_unit *unit, struct dbg_abbrevs *abbrevs,
	struct dbg_cursor *cursor, struct dbg_abbrev *row)
{
	struct dbg_spec spec;
	bool ok = true;

	row->first = (uint32_t)abbrevs->spec_count;
	while (ok && dbg_spec_read(cursor, &spec)) {
		int len = spec.form == DW_FORM_indirect ? -1 : dbg_form_len(unit, spec.form);
		row->len = len < 0 || row->len < 0 ? -1 : row->len + len;
		ok = add_spec(abbrevs, &spec);
	}
	row->count = (uint32_t)abbrevs->spec_count - row->first;
	return ok && dbg_step(unit->file->limits, 1 + row->count);
}

static int compare_rows(const void *a, const void *b)
{
	const struct dbg_abbrev *x = a, *y = b;

	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return (x->tag > y->tag) - (x->tag < y->tag);
}

bool dbg_abbrevs_read(const struct dbg_unit *unit, struct dbg_abbrevs *ret)
{
	struct dbg_abbrevs abbrevs = {0};
	struct dbg_cursor cursor =
		dbg_cursor_at(dbg_section(unit->file, DBG_ABBREV), unit->abbrevs);
	struct dbg_abbrev row;
	bool ok = true, ascends = true;

	while (ok && read_row(&cursor, &row)) {
		ok = read_specs(unit, &abbrevs, &cursor, &row) && add_row(&abbrevs, &row);
		if (ok && abbrevs.count > 1)
			ascends = ascends && abbrevs.rows[abbrevs.count - 2].code < row.code;
	}
	if (!ok || cursor.failed) {
		dbg_trouble(unit->file->limits, ok ? DBG_BROKEN : DBG_TOO_LARGE);
		dbg_abbrevs_fini(&abbrevs);
		return false;
	}
	if (!ascends)
		qsort(abbrevs.rows, abbrevs.count, sizeof(*abbrevs.rows), compare_rows);
	*ret = abbrevs;
	return true;
}

void dbg_abbrevs_fini(struct dbg_abbrevs *abbrevs)
{
	free(abbrevs->rows);
	free(abbrevs->specs);
	memset(abbrevs, 0, sizeof(*abbrevs));
}

const struct dbg_abbrev *dbg_abbrevs_find(const struct dbg_abbrevs *abbrevs, uint64_t code)
{
	size_t low = 0, high = abbrevs->count;

	// Compilers number them from 1 on.
	if (code - 1 < high && abbrevs->rows[code - 1].code == code)
		return &abbrevs->rows[code - 1];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (abbrevs->rows[middle].code < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < abbrevs->count && abbrevs->rows[low].code == code ? &abbrevs->rows[low] : NULL;
}

// Reads the value of SPEC at CURSOR, to its place in VALUES if it has one.
static void read_value(const struct dbg_unit *unit, const struct dbg_spec *spec,
	struct dbg_cursor *cursor, struct dbg_value *values)
{
	enum dbg_attribute attribute = dbg_attribute_of(spec->name);
	struct dbg_value value;

	dbg_value_read(unit, spec, cursor, &value);
	if (attribute != DBG_ATTRIBUTE_COUNT && values)
		values[attribute] = value;
}

void dbg_values_read(const struct dbg_unit *unit, const struct dbg_abbrevs *abbrevs,
	const struct dbg_abbrev *abbrev, struct dbg_cursor *cursor, struct dbg_value *values)
{
	if (values)
		memset(values, 0, DBG_ATTRIBUTE_COUNT * sizeof(*values));
	else if (abbrev->len >= 0) {
		dbg_take(cursor, (uint64_t)abbrev->len);
		return;
	}
	for (uint32_t i = 0; i < abbrev->count; i++)
		read_value(unit, &abbrevs->specs[abbrev->first + i], cursor, values);
}

struct dbg_cursor dbg_unit_entries(const struct dbg_unit *unit, uint64_t offset)
{
	struct dbg_bytes bytes = dbg_section(unit->file, DBG_INFO);

	if (offset < unit->first || offset >= unit->end || unit->end > bytes.len)
		return (struct dbg_cursor){.failed = true};
	bytes.len = unit->end;
	return dbg_cursor_at(bytes, offset);
}

// Finds the row with CODE in the table of UNIT, its attributes at *CURSOR then.
static bool seek_abbrev(const struct dbg_unit *unit, uint64_t code, struct dbg_cursor *cursor,
	struct dbg_abbrev *ret)
{
	struct dbg_spec spec;

	*cursor = dbg_cursor_at(dbg_section(unit->file, DBG_ABBREV), unit->abbrevs);
	while (read_row(cursor, ret)) {
		if (ret->code == code)
			return true;
		uint32_t count = 1;
		while (dbg_spec_read(cursor, &spec))
			count++;
		if (!dbg_step(unit->file->limits, count))
			return false;
	}
	return false;
}

// Reads the entry at OFFSET of UNIT into *RET, without a table. Returns false when there is none.
static bool dbg_entry_read(const struct dbg_unit *unit, uint64_t offset, struct dbg_entry *ret)
{
	struct dbg_cursor entry = dbg_unit_entries(unit, offset), table;
	struct dbg_abbrev abbrev;
	struct dbg_spec spec;
	uint32_t count = 1;
	uint64_t code = dbg_uleb(&entry);

	if (entry.failed || code == 0 || !seek_abbrev(unit, code, &table, &abbrev))
		return false;
	*ret = (struct dbg_entry){
		.offset = offset, .tag = abbrev.tag, .has_children = abbrev.has_children};
	for (; dbg_spec_read(&table, &spec) && !entry.failed; count++)
		read_value(unit, &spec, &entry, ret->values);
	return !entry.failed && !table.failed && dbg_step(unit->file->limits, count);
}

// Reads the head of the unit at CURSOR. DWARF 5, 7.5.1.
static bool read_head(struct dbg_unit *unit, struct dbg_cursor *cursor)
{
	uint64_t len = dbg_length(cursor, &unit->offset_len);

	if (cursor->failed || len > dbg_left(cursor)) {
		dbg_section_broken(unit->file, DBG_INFO);
		return false;
	}
	if (len == 0) // what a linker has filled up with
		return false;
	unit->end = (uint64_t)(cursor->at - dbg_section(unit->file, DBG_INFO).at) + len;
	cursor->end = cursor->at + len;
	unit->version = (uint16_t)dbg_number(cursor, 2);
	unit->type = DW_UT_compile;
	if (unit->version >= 5) {
		unit->type = dbg_byte(cursor);
		unit->address_len = dbg_byte(cursor);
		unit->abbrevs = dbg_number(cursor, unit->offset_len);
	} else {
		unit->abbrevs = dbg_number(cursor, unit->offset_len);
		unit->address_len = dbg_byte(cursor);
	}
	if (unit->type == DW_UT_skeleton || unit->type == DW_UT_split_compile) {
		unit->has_id = true;
		unit->id = dbg_number(cursor, 8);
	}
	if (cursor->failed)
		dbg_section_broken(unit->file, DBG_INFO);
	return !cursor->failed && unit->version >= 2 && unit->version <= 5 &&
	       (unit->address_len == 4 || unit->address_len == 8) && unit->type != DW_UT_type &&
	       unit->type != DW_UT_split_type;
}

// Takes what the first entry of UNIT, VALUES, says of all others.
static void take_bases(struct dbg_unit *unit, const struct dbg_part *part)
{
	const struct dbg_value *values = unit->values;
	bool is_split = unit->file->is_split;
	uint64_t head = unit->offset_len == 8 ? 16 : 8; // of a table of string offsets

	// A split unit's table is the only one of its file, or of its part of a package.
	unit->strings_base = values[DBG_STRINGS_BASE].number;
	if (values[DBG_STRINGS_BASE].form == 0)
		unit->strings_base = (part ? part->str_offsets : 0) +
				     (is_split && unit->version >= 5 ? head : 0);
	unit->rnglists_base = values[DBG_RNGLISTS_BASE].number;
	if (values[DBG_RNGLISTS_BASE].form == 0 && is_split)
		unit->rnglists_base =
			(part ? part->rnglists : 0) + (unit->offset_len == 8 ? 20 : 12);
	unit->address_base = values[DBG_ADDRESS_BASE].number;
	unit->gnu_ranges_base = values[DBG_GNU_RANGES_BASE].number;
	if (values[DBG_DWO_ID].form != 0) {
		unit->has_id = true;
		unit->id = values[DBG_DWO_ID].number;
	}
	if (!dbg_value_address(unit, &values[DBG_LOW_PC], &unit->low_pc))
		unit->low_pc = unit->skeleton ? unit->skeleton->low_pc : 0;
}

bool dbg_unit_read(struct dbg_file *file, uint64_t offset, const struct dbg_part *part,
	const struct dbg_unit *skeleton, struct dbg_unit *ret)
{
	struct dbg_unit unit = {.file = file, .offset = offset, .skeleton = skeleton};
	struct dbg_cursor cursor = dbg_cursor_at(dbg_section(file, DBG_INFO), offset);
	struct dbg_entry entry;

	if (cursor.failed || !read_head(&unit, &cursor))
		return false;
	unit.first = (uint64_t)(cursor.at - dbg_section(file, DBG_INFO).at);
	unit.abbrevs += part ? part->abbrev : 0;
	if (!dbg_entry_read(&unit, unit.first, &entry)) {
		dbg_section_broken(file, DBG_ABBREV);
		return false;
	}
	memcpy(unit.values, entry.values, sizeof(unit.values));
	take_bases(&unit, part);
	*ret = unit;
	return true;
}

// The entry at OFFSET of UNIT, or, if that is not in it, of another unit of FILE, which is read
// into *UNIT.
static bool read_anywhere(
	struct dbg_file *file, uint64_t offset, struct dbg_unit *unit, struct dbg_entry *ret)
{
	uint64_t at;

	if (unit->file != file || offset < unit->first || offset >= unit->end) {
		if (!dbg_file_unit_of(file, offset, &at) ||
			!dbg_unit_read(file, at, NULL, NULL, unit))
			return false;
	}
	return dbg_entry_read(unit, offset, ret);
}

const char *dbg_function_name(const struct dbg_unit *unit, uint64_t offset)
{
	struct dbg_file *file = unit->file;
	struct dbg_unit at = *unit;
	struct dbg_entry entry;
	const char *plain = NULL;

	for (int hop = 0; hop < HOPS_MAX; hop++) {
		if (!read_anywhere(file, offset, &at, &entry)) {
			dbg_section_broken(file, DBG_INFO);
			return plain;
		}
		const char *name = dbg_value_string(&at, &entry.values[DBG_LINKAGE_NAME]);
		if (name)
			return name;
		if (!plain)
			plain = dbg_value_string(&at, &entry.values[DBG_NAME]);
		const struct dbg_value *next = &entry.values[DBG_ORIGIN];
		if (next->form == 0)
			next = &entry.values[DBG_SPECIFICATION];
		if (!dbg_value_entry(&at, next, &file, &offset))
			return plain;
	}
	dbg_trouble(unit->file->limits, DBG_BROKEN);
	return NULL;
}
