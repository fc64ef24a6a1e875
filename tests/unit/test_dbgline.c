// SPDX-License-Identifier: GPL-2.0-or-later
// Line number programs.
#include "cleanup.h"
#include "dbg_image.h"
#include "dbgline.h"

// A unit in /src whose line numbers begin at 0.
static void put_unit(struct dbg_image *image)
{
	put_abbrev(&image->abbrev, 1, DW_TAG_compile_unit, 0, DW_AT_comp_dir, DW_FORM_string,
		DW_AT_stmt_list, DW_FORM_sec_offset);
	put_number(&image->abbrev, 0, 1);
	size_t start = begin_unit(&image->info);
	put_uleb(&image->info, 1);
	put_string(&image->info, "/src");
	put_number(&image->info, 0, 4);
	end_length(&image->info, start);
}

static void put_set_address(struct dbg_writer *to, uint64_t address)
{
	put_number(to, 0, 1);
	put_uleb(to, 9);
	put_number(to, DW_LNE_set_address, 1);
	put_number(to, address, 8);
}

static void put_end(struct dbg_writer *to, uint64_t advance)
{
	put_number(to, DW_LNS_advance_pc, 1);
	put_uleb(to, advance);
	put_bytes(to, (unsigned char[]){0, 1, DW_LNE_end_sequence}, 3);
}

// The head of a program of DWARF 4: files a.c in the unit's directory, b.c in /inc, c.c in sub.
static size_t put_head(struct dbg_writer *to)
{
	static const unsigned char lengths[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
	size_t start = begin_length(to);

	put_number(to, 4, 2);
	size_t head = begin_length(to);
	// Instructions of 1 byte, 1 operation; statements; lines from -3 on, 12 of them.
	put_bytes(to, (unsigned char[]){1, 1, 1, (unsigned char)-3, 12, 13}, 6);
	put_bytes(to, lengths, sizeof(lengths));
	put_string(to, "/inc");
	put_string(to, "sub");
	put_string(to, "");
	static const char *const names[] = {"a.c", "b.c", "c.c"};
	for (unsigned i = 0; i < 3; i++) {
		put_string(to, names[i]);
		put_uleb(to, i);
		put_bytes(to, (unsigned char[]){0, 0}, 2);
	}
	put_string(to, "");
	end_length(to, head);
	return start;
}

static void check_file(const struct dbg_unit *unit, uint64_t index, const char *path)
{
	auto_free char *found = dbg_line_file(unit, index);

	check_str(found ? found : "(none)", path);
}

Test(dbgline, rows_reach_to_the_next_one)
{
	struct dbg_image *image = dbg_image_new();
	struct dbg_writer *line = &image->line;
	static const uint64_t pcs[] = {
		0xfff, 0x1000, 0x1003, 0x1004, 0x1005, 0x1013, 0x1014, 0x3001};
	struct dbg_line lines[8];

	put_unit(image);
	size_t start = put_head(line);
	put_set_address(line, 0x1000);
	put_bytes(line, (unsigned char[]){DW_LNS_advance_line, 9, DW_LNS_copy}, 3); // 10
	put_number(line, 13 + 4 * 12 + 3 + 2, 1);                  // +4, line +2: 12
	put_bytes(line, (unsigned char[]){DW_LNS_set_file, 2}, 2); // at 0x1005, line 12 - 3
	put_number(line, 13 + 12, 1);
	put_end(line, 15);
	// What the linker has dropped begins at 0, and covers nothing.
	put_set_address(line, 0);
	put_number(line, DW_LNS_copy, 1);
	put_end(line, 0x7000);
	end_length(line, start);
	struct dbg_unit unit = dbg_image_unit(image, 0);
	cr_assert(dbg_lines_find(&unit, pcs, 8, lines));
	static const struct dbg_line expected[] = {{0}, {true, 1, 10}, {true, 1, 10}, {true, 1, 12},
		{true, 2, 9}, {true, 2, 9}, {0}, {0}};
	for (size_t i = 0; i < 8; i++) {
		check_int(lines[i].found, expected[i].found);
		check_u64(lines[i].file, expected[i].file);
		check_u64(lines[i].line, expected[i].line);
	}
	check_file(&unit, 1, "/src/a.c");
	check_file(&unit, 2, "/inc/b.c");
	check_file(&unit, 3, "/src/sub/c.c");
	check_file(&unit, 0, "(none)");
	check_file(&unit, 4, "(none)");
	check_file(&unit, UINT64_MAX, "(none)");
	dbg_image_free(image);
	check_no_leak();
}

// The longest program that a given number of steps allows makes no tables, and ends.
Test(dbgline, a_long_program_ends)
{
	struct dbg_image *image = dbg_image_new();
	struct dbg_line line;
	const uint64_t pc = 0x2000;

	put_unit(image);
	size_t start = put_head(&image->line);
	put_set_address(&image->line, 0x1000);
	while (image->line.len < DBG_IMAGE_MAX)
		put_number(&image->line, 13 + 3, 1); // a row, and no step forward
	end_length(&image->line, start);
	struct dbg_unit unit = dbg_image_unit(image, 0);
	check_true(dbg_lines_find(&unit, &pc, 1, &line));
	check_true(!line.found);
	image->limits.steps = 1000;
	check_true(!dbg_lines_find(&unit, &pc, 1, &line));
	check_int(image->limits.trouble, DBG_TOO_LARGE);
	dbg_image_free(image);
}

// Any byte can be anything.
Test(dbgline, broken_anywhere)
{
	struct dbg_image *image = dbg_image_new();
	struct dbg_line line;
	const uint64_t pc = 0x1002;

	put_unit(image);
	size_t start = put_head(&image->line);
	put_set_address(&image->line, 0x1000);
	put_number(&image->line, DW_LNS_copy, 1);
	put_end(&image->line, 16);
	end_length(&image->line, start);
	struct dbg_unit unit = dbg_image_unit(image, 0);
	for (size_t at = 0; at < image->line.len; at++) {
		unsigned char kept = image->line.bytes[at];
		for (int value = 0; value < 256; value += 5) {
			image->line.bytes[at] = (unsigned char)value;
			image->limits.steps = 1 << 16;
			dbg_lines_find(&unit, &pc, 1, &line);
			for (uint64_t file = 0; file < 5; file++)
				free(dbg_line_file(&unit, file));
		}
		image->line.bytes[at] = kept;
	}
	check_true(dbg_lines_find(&unit, &pc, 1, &line));
	check_true(line.found && line.line == 1);
	dbg_image_free(image);
	check_no_leak();
}
