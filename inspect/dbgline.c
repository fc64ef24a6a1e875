// SPDX-License-Identifier: GPL-2.0-or-later
// Running line number programs.
#include "dbgline.h"

#include "cleanup.h"
#include "dbgform.h"

#include <dwarf.h>
#include <stdio.h>

enum { FORMATS_MAX = 16, OPCODES = 256 };

// How the entries of a table of files or directories are written, in DWARF 5.
struct format {
	size_t count;
	struct dbg_spec rows[FORMATS_MAX]; // name: DW_LNCT_
};

struct header {
	uint16_t version;
	uint8_t offset_len, min_len, line_range, opcode_base;
	int8_t line_base;
	uint8_t lengths[OPCODES]; // of the operands of standard opcodes
	struct dbg_cursor tables; // directories, then files
	struct dbg_cursor program;
	struct dbg_unit forms; // for values of the tables
};

static bool parse_header(const struct dbg_unit *unit, struct header *ret)
{
	struct header header = {.forms = *unit};
	uint64_t start = unit->values[DBG_LINES].number;
	struct dbg_cursor cursor = dbg_cursor_at(dbg_section(unit->file, DBG_LINE), start);

	uint64_t len = dbg_length(&cursor, &header.offset_len);
	if (cursor.failed || len > dbg_left(&cursor))
		return false;
	cursor.end = cursor.at + len;
	header.version = (uint16_t)dbg_number(&cursor, 2);
	if (header.version >= 5)
		dbg_take(&cursor, 2); // sizes of addresses and segment selectors
	header.program = cursor;
	uint64_t head = dbg_number(&cursor, header.offset_len);
	header.program.at = cursor.at;
	dbg_take(&header.program, head);
	header.min_len = dbg_byte(&cursor);
	if (header.version >= 4)
		dbg_byte(&cursor); // operations of an instruction: only VLIW machines have many
	dbg_byte(&cursor);         // whether rows are statements from the beginning
	header.line_base = (int8_t)dbg_byte(&cursor);
	header.line_range = dbg_byte(&cursor);
	header.opcode_base = dbg_byte(&cursor);
	for (int i = 1; i < header.opcode_base; i++)
		header.lengths[i] = dbg_byte(&cursor);
	header.tables = cursor;
	header.tables.end = header.program.at;
	header.forms.offset_len = header.offset_len;
	*ret = header;
	return !cursor.failed && !header.program.failed && cursor.at <= header.program.at &&
	       header.version >= 2 && header.version <= 5 && header.line_range > 0 &&
	       header.opcode_base > 0;
}

static bool read_header(const struct dbg_unit *unit, struct header *ret)
{
	if (unit->values[DBG_LINES].form == 0)
		return false;
	bool ok = parse_header(unit, ret);
	if (!ok)
		dbg_section_broken(unit->file, DBG_LINE);
	return ok;
}

struct row {
	uint64_t address, file, line;
};

// A program that is being run.
struct run {
	const struct header *header;
	struct dbg_cursor cursor;
	struct row row, last; // the next one, and the one that was made last
	bool begun;           // there is a last one in this sequence
	bool dropped;         // the linker has dropped what the sequence is about
	const uint64_t *pcs;
	size_t count, left;
	struct dbg_line *lines;
};

static size_t lower_bound(const uint64_t *pcs, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (pcs[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// Makes a row: what lies between the last one and it is of the last one's line.
static void make_row(struct run *run)
{
	const struct row *last = &run->last;

	if (run->begun && !run->dropped && last->address < run->row.address &&
		last->address <= run->pcs[run->count - 1]) {
		size_t i = lower_bound(run->pcs, run->count, last->address);
		for (; i < run->count && run->pcs[i] < run->row.address; i++) {
			if (run->lines[i].found)
				continue;
			run->lines[i] = (struct dbg_line){true, last->file, last->line};
			run->left--;
		}
	}
	run->last = run->row;
	run->begun = true;
}

static void begin_sequence(struct run *run)
{
	run->row = (struct row){.file = 1, .line = 1};
	run->begun = run->dropped = false;
}

static void run_extended(struct run *run)
{
	uint64_t len = dbg_uleb(&run->cursor);
	const unsigned char *at = dbg_take(&run->cursor, len);

	if (!at || len == 0)
		return;
	struct dbg_cursor operands = {at + 1, at + len, false};
	switch (*at) {
	case DW_LNE_end_sequence:
		make_row(run);
		begin_sequence(run);
		break;
	case DW_LNE_set_address:
		run->row.address = dbg_number(&operands, len - 1 > 8 ? 8 : (size_t)len - 1);
		// What follows in the same sequence goes on from an address that is one.
		run->dropped = run->row.address == 0 || run->row.address >= UINT64_MAX - 1;
		if (run->dropped)
			run->begun = false;
		break;
	default: // a discriminator; a file (DWARF 4), which nobody makes; what is not known
		break;
	}
}

static void run_standard(struct run *run, uint8_t opcode)
{
	const struct header *header = run->header;

	switch (opcode) {
	case DW_LNS_copy:
		make_row(run);
		break;
	case DW_LNS_advance_pc:
		run->row.address += dbg_uleb(&run->cursor) * header->min_len;
		break;
	case DW_LNS_advance_line:
		run->row.line += (uint64_t)dbg_sleb(&run->cursor);
		break;
	case DW_LNS_set_file:
		run->row.file = dbg_uleb(&run->cursor);
		break;
	case DW_LNS_const_add_pc:
		run->row.address += (uint64_t)((255 - header->opcode_base) / header->line_range) *
				    header->min_len;
		break;
	case DW_LNS_fixed_advance_pc:
		run->row.address += dbg_number(&run->cursor, 2);
		break;
	default:
		for (uint8_t i = 0; i < header->lengths[opcode]; i++)
			dbg_uleb(&run->cursor);
	}
}

static void run_special(struct run *run, uint8_t opcode)
{
	const struct header *header = run->header;
	unsigned adjusted = (unsigned)opcode - header->opcode_base;

	run->row.address += (uint64_t)(adjusted / header->line_range) * header->min_len;
	run->row.line += (uint64_t)(int64_t)header->line_base + adjusted % header->line_range;
	make_row(run);
}

bool dbg_lines_find(
	const struct dbg_unit *unit, const uint64_t *pcs, size_t count, struct dbg_line *lines)
{
	struct header header;
	struct run run = {
		.header = &header, .pcs = pcs, .count = count, .left = count, .lines = lines};

	memset(lines, 0, count * sizeof(*lines));
	if (!read_header(unit, &header))
		return false;
	run.cursor = header.program;
	begin_sequence(&run);
	while (run.left > 0 && run.cursor.at < run.cursor.end) {
		uint8_t opcode = dbg_byte(&run.cursor);
		if (!dbg_step(unit->file->limits, 1))
			return false;
		if (opcode >= header.opcode_base)
			run_special(&run, opcode);
		else if (opcode == 0)
			run_extended(&run);
		else
			run_standard(&run, opcode);
	}
	if (run.cursor.failed)
		dbg_section_broken(unit->file, DBG_LINE);
	return true;
}

// A file or a directory.
struct entry {
	const char *path;
	struct dbg_value written; // the path, in a table of DWARF 5
	uint64_t directory;
};

// Reads how the entries of the next table are written, and how many there are.
static uint64_t read_format(struct dbg_cursor *cursor, struct format *ret)
{
	ret->count = dbg_byte(cursor);
	if (ret->count > FORMATS_MAX)
		cursor->failed = true;
	for (size_t i = 0; i < ret->count && !cursor->failed; i++) {
		uint64_t name = dbg_uleb(cursor), form = dbg_uleb(cursor);
		if (name > UINT16_MAX)
			name = 0;
		if (form >= UINT16_MAX || form == DW_FORM_indirect)
			cursor->failed = true;
		ret->rows[i] = (struct dbg_spec){.name = (uint16_t)name, .form = (uint16_t)form};
	}
	return dbg_uleb(cursor);
}

static void read_entry(const struct header *header, const struct format *format,
	struct dbg_cursor *cursor, struct entry *ret)
{
	*ret = (struct entry){0};
	for (size_t i = 0; i < format->count; i++) {
		struct dbg_value value;
		dbg_value_read(&header->forms, &format->rows[i], cursor, &value);
		if (format->rows[i].name == DW_LNCT_path)
			ret->written = value;
		else if (format->rows[i].name == DW_LNCT_directory_index)
			ret->directory = value.number;
	}
}

// Passes over the entries of a table of DWARF 5 at CURSOR, but reads number INDEX into *RET.
static bool read_table(
	const struct header *header, struct dbg_cursor *cursor, uint64_t index, struct entry *ret)
{
	struct format format;
	uint64_t count = read_format(cursor, &format);
	bool found = false;

	for (uint64_t i = 0; i < count && !cursor->failed && format.count > 0; i++) {
		struct entry entry;
		if (!dbg_step(header->forms.file->limits, 1))
			return false;
		read_entry(header, &format, cursor, &entry);
		if (i != index || cursor->failed)
			continue;
		*ret = entry;
		ret->path = dbg_value_string(&header->forms, &entry.written);
		found = ret->path != NULL;
	}
	return found;
}

// The same of before DWARF 5, where tables end with an empty string; files count from 1.
static bool read_old_table(const struct header *header, struct dbg_cursor *cursor, bool of_files,
	uint64_t index, struct entry *ret)
{
	bool found = false;

	for (uint64_t i = 1; dbg_step(header->forms.file->limits, 1); i++) {
		struct entry entry = {.path = dbg_string(cursor)};
		if (!entry.path || !entry.path[0])
			break;
		if (of_files) {
			entry.directory = dbg_uleb(cursor);
			dbg_uleb(cursor); // when it was changed
			dbg_uleb(cursor); // its length
		}
		if (i != index || cursor->failed)
			continue;
		*ret = entry;
		found = true;
	}
	return found;
}

// The file INDEX, and the path of its directory (NULL: the unit's own).
static bool find_file(
	const struct header *header, uint64_t index, struct entry *file, struct entry *directory)
{
	bool is_new = header->version >= 5;
	struct dbg_cursor directories = header->tables, files = header->tables;

	if (is_new)
		read_table(header, &files, UINT64_MAX, directory);
	else
		read_old_table(header, &files, false, 0, directory);
	if (is_new ? !read_table(header, &files, index, file)
		   : !read_old_table(header, &files, true, index, file))
		return false;
	*directory = (struct entry){0};
	if (is_new)
		read_table(header, &directories, file->directory, directory);
	else if (file->directory > 0)
		read_old_table(header, &directories, false, file->directory, directory);
	return true;
}

char *dbg_line_file(const struct dbg_unit *unit, uint64_t index)
{
	struct header header;
	struct entry file, directory;
	char path[DBG_PATH_MAX + 1];
	const char *own = dbg_value_string(unit, &unit->values[DBG_DIRECTORY]);

	if (!read_header(unit, &header) || !find_file(&header, index, &file, &directory))
		return NULL;
	const char *parts[] = {own, directory.path, file.path};
	const char *between[] = {"/", "/", ""};
	// An absolute one makes those before it void.
	for (int i = 0; i < 3; i++)
		for (int before = 0; before < i && parts[i] && parts[i][0] == '/'; before++)
			parts[before] = NULL;
	for (int i = 0; i < 2; i++)
		if (!parts[i] || !parts[i][0])
			parts[i] = between[i] = "";
	int len = snprintf(path, sizeof(path), "%s%s%s%s%s", parts[0], between[0], parts[1],
		between[1], parts[2]);
	// Of one that is too long the end counts.
	return len >= (int)sizeof(path) ? strndup(parts[2], DBG_PATH_MAX) : strdup(path);
}
