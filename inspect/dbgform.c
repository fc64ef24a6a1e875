// SPDX-License-Identifier: GPL-2.0-or-later
// Values of attributes: how long they are, and what they mean. DWARF 5, 7.5.5 and 7.5.6.
#include "dbgform.h"

#include <dwarf.h>

enum { ATTRIBUTES_MAX = 0x4000 }; // DW_AT_hi_user and one more

enum dbg_attribute dbg_attribute_of(uint32_t name)
{
	switch (name) {
	case DW_AT_name:
		return DBG_NAME;
	case DW_AT_linkage_name:
	case DW_AT_MIPS_linkage_name:
		return DBG_LINKAGE_NAME;
	case DW_AT_low_pc:
		return DBG_LOW_PC;
	case DW_AT_high_pc:
		return DBG_HIGH_PC;
	case DW_AT_ranges:
		return DBG_RANGE_LIST;
	case DW_AT_abstract_origin:
		return DBG_ORIGIN;
	case DW_AT_specification:
		return DBG_SPECIFICATION;
	case DW_AT_call_file:
		return DBG_CALL_FILE;
	case DW_AT_call_line:
		return DBG_CALL_LINE;
	case DW_AT_stmt_list:
		return DBG_LINES;
	case DW_AT_comp_dir:
		return DBG_DIRECTORY;
	case DW_AT_str_offsets_base:
		return DBG_STRINGS_BASE;
	case DW_AT_addr_base:
	case DW_AT_GNU_addr_base:
		return DBG_ADDRESS_BASE;
	case DW_AT_rnglists_base:
		return DBG_RNGLISTS_BASE;
	case DW_AT_GNU_ranges_base:
		return DBG_GNU_RANGES_BASE;
	case DW_AT_dwo_name:
	case DW_AT_GNU_dwo_name:
		return DBG_DWO_NAME;
	case DW_AT_GNU_dwo_id:
		return DBG_DWO_ID;
	default:
		return DBG_ATTRIBUTE_COUNT;
	}
}

int dbg_form_len(const struct dbg_unit *unit, uint16_t form)
{
	switch (form) {
	case DW_FORM_implicit_const:
	case DW_FORM_flag_present:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return unit->address_len;
	case DW_FORM_ref_addr:
		return unit->version == 2 ? unit->address_len : unit->offset_len;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_sec_offset:
		return unit->offset_len;
	default:
		return -1;
	}
}

static void read_block(struct dbg_cursor *cursor, uint64_t len)
{
	dbg_take(cursor, len);
}

// Reads a value whose length its form does not tell.
static void read_variable(struct dbg_cursor *cursor, struct dbg_value *ret)
{
	switch (ret->form) {
	case DW_FORM_string:
		ret->text = (const unsigned char *)dbg_string(cursor);
		break;
	case DW_FORM_sdata:
		ret->number = (uint64_t)dbg_sleb(cursor);
		break;
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		ret->number = dbg_uleb(cursor);
		break;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		read_block(cursor, dbg_uleb(cursor));
		break;
	case DW_FORM_block1:
		read_block(cursor, dbg_number(cursor, 1));
		break;
	case DW_FORM_block2:
		read_block(cursor, dbg_number(cursor, 2));
		break;
	case DW_FORM_block4:
		read_block(cursor, dbg_number(cursor, 4));
		break;
	default:
		cursor->failed = true; // how long it is nobody knows
	}
}

void dbg_value_read(const struct dbg_unit *unit, const struct dbg_spec *spec,
	struct dbg_cursor *cursor, struct dbg_value *ret)
{
	*ret = (struct dbg_value){.form = spec->form, .number = (uint64_t)spec->constant};
	if (ret->form == DW_FORM_indirect) {
		uint64_t form = dbg_uleb(cursor);
		ret->form = form < UINT16_MAX ? (uint16_t)form : 0;
		if (form == DW_FORM_implicit_const)
			ret->form = 0; // whose constant would stand in the table
	}
	int len = dbg_form_len(unit, ret->form);
	if (len < 0)
		read_variable(cursor, ret);
	else if (len > 8)
		dbg_take(cursor, (uint64_t)len);
	else if (len > 0)
		ret->number = dbg_number(cursor, (size_t)len);
}

// The string number INDEX of the table that UNIT uses.
static const char *indexed_string(const struct dbg_unit *unit, uint64_t index)
{
	struct dbg_file *file = unit->file;
	uint64_t len = dbg_section(file, DBG_STR_OFFSETS).len;

	if (index >= len || unit->strings_base > len)
		return NULL;
	struct dbg_cursor cursor = dbg_cursor_at(
		dbg_section(file, DBG_STR_OFFSETS), unit->strings_base + index * unit->offset_len);
	uint64_t offset = dbg_number(&cursor, unit->offset_len);
	return cursor.failed ? NULL : dbg_file_string(file, DBG_STR, offset);
}

const char *dbg_value_string(const struct dbg_unit *unit, const struct dbg_value *value)
{
	struct dbg_file *alt;

	switch (value->form) {
	case DW_FORM_string:
		return (const char *)value->text;
	case DW_FORM_strp:
		return dbg_file_string(unit->file, DBG_STR, value->number);
	case DW_FORM_line_strp:
		return dbg_file_string(unit->file, DBG_LINE_STR, value->number);
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		alt = dbg_file_alt(unit->file);
		return alt ? dbg_file_string(alt, DBG_STR, value->number) : NULL;
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		return indexed_string(unit, value->number);
	case 0: // it is not there
		return NULL;
	default:
		dbg_trouble(unit->file->limits, DBG_BROKEN);
		return NULL;
	}
}

bool dbg_unit_address(const struct dbg_unit *unit, uint64_t index, uint64_t *ret)
{
	const struct dbg_unit *owner = unit->skeleton ? unit->skeleton : unit;
	struct dbg_bytes table = dbg_section(owner->file, DBG_ADDR);

	if (index >= table.len || owner->address_base > table.len)
		return false;
	struct dbg_cursor cursor =
		dbg_cursor_at(table, owner->address_base + index * owner->address_len);
	*ret = dbg_number(&cursor, owner->address_len);
	return !cursor.failed;
}

bool dbg_value_is_address(const struct dbg_value *value)
{
	return value->form == DW_FORM_addr || value->form == DW_FORM_addrx ||
	       (value->form >= DW_FORM_addrx1 && value->form <= DW_FORM_addrx4) ||
	       value->form == DW_FORM_GNU_addr_index;
}

bool dbg_value_address(const struct dbg_unit *unit, const struct dbg_value *value, uint64_t *ret)
{
	if (!dbg_value_is_address(value))
		return false;
	if (value->form != DW_FORM_addr)
		return dbg_unit_address(unit, value->number, ret);
	*ret = value->number;
	return true;
}

bool dbg_value_entry(const struct dbg_unit *unit, const struct dbg_value *value,
	struct dbg_file **ret_file, uint64_t *ret_offset)
{
	*ret_file = unit->file;
	*ret_offset = value->number;
	switch (value->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		*ret_offset += unit->offset;
		if (value->number < unit->end - unit->offset)
			return true;
		dbg_trouble(unit->file->limits, DBG_BROKEN);
		return false;
	case DW_FORM_ref_addr:
		return true;
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
		*ret_file = dbg_file_alt(unit->file);
		return *ret_file != NULL;
	default:
		return false;
	}
}

bool dbg_spec_read(struct dbg_cursor *cursor, struct dbg_spec *ret)
{
	uint64_t name = dbg_uleb(cursor), form = dbg_uleb(cursor);

	if (name >= ATTRIBUTES_MAX || form >= UINT16_MAX)
		cursor->failed = true;
	*ret = (struct dbg_spec){.name = (uint16_t)name, .form = (uint16_t)form};
	if (form == DW_FORM_implicit_const)
		ret->constant = dbg_sleb(cursor);
	return !cursor->failed && (name != 0 || form != 0);
}
