// SPDX-License-Identifier: GPL-2.0-or-later
// Units of debug information, and the entries (DIEs) in them: their attributes, as far as names,
// addresses and lines need them. DWARF 5, 3.1 and 7.5.
#pragma once

#include "dbgfile.h"

// The attributes that are looked at; those of the GNU forms of split DWARF stand for the ones that
// DWARF 5 has made of them.
enum dbg_attribute {
	DBG_NAME,
	DBG_LINKAGE_NAME,
	DBG_LOW_PC,
	DBG_HIGH_PC,
	DBG_RANGE_LIST,
	DBG_ORIGIN,
	DBG_SPECIFICATION,
	DBG_CALL_FILE,
	DBG_CALL_LINE,
	DBG_LINES,
	DBG_DIRECTORY,
	DBG_STRINGS_BASE,
	DBG_ADDRESS_BASE,
	DBG_RNGLISTS_BASE,
	DBG_GNU_RANGES_BASE,
	DBG_DWO_NAME,
	DBG_DWO_ID,
	DBG_ATTRIBUTE_COUNT,
};

// The value of an attribute, as it is written.
struct dbg_value {
	uint16_t form;             // 0: the attribute is not there
	uint64_t number;           // of the form's kind
	const unsigned char *text; // of a string that stands there itself
};

// One kind of entry: a row of a table of abbreviations.
struct dbg_abbrev {
	uint64_t code;
	uint32_t tag;
	bool has_children;
	uint32_t first, count; // its attributes in the table's specs
	int32_t len;           // bytes of all of their values; -1: that depends on them
};

struct dbg_spec {
	uint16_t name, form;
	int64_t constant; // DW_FORM_implicit_const
};

struct dbg_abbrevs {
	struct dbg_abbrev *rows; // ascending by code
	size_t count, capacity;
	struct dbg_spec *specs;
	size_t spec_count, spec_capacity;
};

struct dbg_unit {
	struct dbg_file *file;
	const struct dbg_unit *skeleton; // of a split unit, whose addresses are kept there; or NULL
	uint64_t offset, first, end; // in .debug_info: the unit, its first entry, what is behind
	uint64_t abbrevs;            // where its abbreviations begin
	uint16_t version;
	uint8_t type, address_len, offset_len;
	bool has_id;
	uint64_t id; // of the split unit that this one is, or stands for
	uint64_t low_pc, strings_base, address_base, rnglists_base, gnu_ranges_base;
	struct dbg_value values[DBG_ATTRIBUTE_COUNT]; // of its first entry
};

// An entry.
struct dbg_entry {
	uint64_t offset; // in .debug_info
	uint32_t tag;    // 0: the end of the entries at one level
	bool has_children;
	struct dbg_value values[DBG_ATTRIBUTE_COUNT];
};

// Which part of the sections of a package belongs to a unit (DWARF 5, 7.3.5).
struct dbg_part {
	uint64_t info, abbrev, str_offsets, rnglists;
};

// Reads the unit at OFFSET of FILE, and its first entry, into *RET. PART is where its parts begin
// when FILE is a package, else NULL; SKELETON is the unit that names it, when it is a split one,
// else NULL. Returns false when there is none that is understood.
bool dbg_unit_read(struct dbg_file *file, uint64_t offset, const struct dbg_part *part,
	const struct dbg_unit *skeleton, struct dbg_unit *ret);

// Reads the table of abbreviations of UNIT into *RET, for dbg_abbrevs_fini(). Returns false when it
// is broken or too large.
bool dbg_abbrevs_read(const struct dbg_unit *unit, struct dbg_abbrevs *ret);

// Accepts a zeroed one.
void dbg_abbrevs_fini(struct dbg_abbrevs *abbrevs);

// Finds the row with CODE, or NULL.
const struct dbg_abbrev *dbg_abbrevs_find(const struct dbg_abbrevs *abbrevs, uint64_t code);

// Reads the values of the attributes of ABBREV at CURSOR into VALUES, DBG_ATTRIBUTE_COUNT of them,
// or, when that is NULL, passes over them.
void dbg_values_read(const struct dbg_unit *unit, const struct dbg_abbrevs *abbrevs,
	const struct dbg_abbrev *abbrev, struct dbg_cursor *cursor, struct dbg_value *values);

// A cursor over the entries of UNIT from OFFSET on; it has failed if that is not in UNIT.
struct dbg_cursor dbg_unit_entries(const struct dbg_unit *unit, uint64_t offset);

// The string that VALUE is in UNIT, or NULL.
const char *dbg_value_string(const struct dbg_unit *unit, const struct dbg_value *value);

// The address that VALUE is in UNIT, into *RET.
bool dbg_value_address(const struct dbg_unit *unit, const struct dbg_value *value, uint64_t *ret);

// True when VALUE is an address by its form, and not a number.
bool dbg_value_is_address(const struct dbg_value *value);

// The entry that VALUE of UNIT refers to: its file and its offset in .debug_info.
bool dbg_value_entry(const struct dbg_unit *unit, const struct dbg_value *value,
	struct dbg_file **ret_file, uint64_t *ret_offset);

// Address INDEX in the table of addresses that UNIT uses, into *RET.
bool dbg_unit_address(const struct dbg_unit *unit, uint64_t index, uint64_t *ret);

// The name of the function whose entry is at OFFSET of UNIT, or whose concrete or inlined copy it
// is: mangled if it has such a name, or NULL. Lives as long as the files.
const char *dbg_function_name(const struct dbg_unit *unit, uint64_t offset);
