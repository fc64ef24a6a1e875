// SPDX-License-Identifier: GPL-2.0-or-later
// Functions that were inlined into others.
#include "cleanup.h"
#include "dbg_image.h"
#include "dbginline.h"

enum { UNIT = 1, FUNCTION, INLINED, BLOCK, PARTS };

static struct dbg_image *begin_image(size_t *start)
{
	struct dbg_image *image = dbg_image_new();

	put_abbrev(&image->abbrev, UNIT, DW_TAG_compile_unit, 1);
	put_abbrev(&image->abbrev, FUNCTION, DW_TAG_subprogram, 1, DW_AT_low_pc, DW_FORM_addr,
		DW_AT_high_pc, DW_FORM_data4);
	put_abbrev(&image->abbrev, INLINED, DW_TAG_inlined_subroutine, 1, DW_AT_low_pc,
		DW_FORM_addr, DW_AT_high_pc, DW_FORM_data4, DW_AT_call_file, DW_FORM_data1,
		DW_AT_call_line, DW_FORM_data1);
	put_abbrev(&image->abbrev, BLOCK, DW_TAG_lexical_block, 1);
	put_abbrev(&image->abbrev, PARTS, DW_TAG_inlined_subroutine, 0, DW_AT_ranges,
		DW_FORM_sec_offset, DW_AT_call_line, DW_FORM_data1);
	put_number(&image->abbrev, 0, 1);
	*start = begin_unit(&image->info);
	put_uleb(&image->info, UNIT);
	return image;
}

static uint64_t put_function(struct dbg_image *image, uint64_t low, uint64_t len)
{
	uint64_t offset = image->info.len;

	put_uleb(&image->info, FUNCTION);
	put_number(&image->info, low, 8);
	put_number(&image->info, len, 4);
	return offset;
}

static uint64_t put_inlined(struct dbg_image *image, uint64_t low, uint64_t len, uint8_t line)
{
	uint64_t offset = image->info.len;

	put_uleb(&image->info, INLINED);
	put_number(&image->info, low, 8);
	put_number(&image->info, len, 4);
	put_number(&image->info, 1, 1);
	put_number(&image->info, line, 1);
	return offset;
}

static void put_end(struct dbg_image *image)
{
	put_number(&image->info, 0, 1);
}

// Finds the chain at PC, whose functions' entries are the COUNT OFFSETS, the outermost first.
static void check_chain(struct dbg_image *image, uint64_t pc, const uint64_t *offsets, size_t count)
{
	struct dbg_unit unit = dbg_image_unit(image, 0);
	struct dbg_chain chain = {0};

	cr_assert(dbg_inlined_find(&unit, &pc, 1, &chain));
	check_int(chain.count, count);
	for (size_t i = 0; i < count; i++)
		check_u64(chain.levels[i].entry, offsets[i]);
	free(chain.levels);
}

#define check_functions(image, pc, ...)                                                 \
	do {                                                                            \
		const uint64_t offsets_[] = {__VA_ARGS__};                              \
		check_chain(image, pc, offsets_, sizeof(offsets_) / sizeof(*offsets_)); \
	} while (0)

Test(dbginline, functions_in_functions)
{
	size_t start;
	struct dbg_image *image = begin_image(&start);

	uint64_t f = put_function(image, 0x1000, 0x100);
	put_uleb(&image->info, BLOCK);
	uint64_t a = put_inlined(image, 0x1010, 0x40, 7);
	uint64_t b = put_inlined(image, 0x1020, 0x10, 8);
	put_end(image);
	put_end(image);
	put_end(image);
	// A second one that covers the same, beside the first and not in it: it is not believed.
	put_inlined(image, 0x1010, 0x40, 9);
	put_inlined(image, 0x1020, 0x10, 9);
	put_end(image);
	put_end(image);
	uint64_t c = image->info.len;
	put_uleb(&image->info, PARTS);
	put_number(&image->info, 0, 4);
	put_number(&image->info, 3, 1);
	put_end(image);
	uint64_t g = put_function(image, 0x1100, 0x10);
	put_end(image);
	put_function(image, 0, 0x2000); // the linker has dropped it
	put_end(image);
	put_end(image);
	end_length(&image->info, start);
	static const uint64_t ranges[] = {UINT64_MAX, 0x1000, 0x80, 0x84, 0x90, 0x94, 0, 0};
	put_bytes(&image->ranges, ranges, sizeof(ranges));

	check_functions(image, 0x1000, f);
	check_functions(image, 0x1010, f, a);
	check_functions(image, 0x102f, f, a, b);
	check_functions(image, 0x1030, f, a);
	check_functions(image, 0x1083, f, c);
	check_functions(image, 0x1084, f);
	check_functions(image, 0x1093, f, c);
	check_functions(image, 0x1100, g);
	check_chain(image, 0x1110, NULL, 0);
	check_chain(image, 0xfff, NULL, 0);
	dbg_image_free(image);
	check_no_leak();
}

Test(dbginline, calls_have_lines)
{
	size_t start;
	struct dbg_image *image = begin_image(&start);
	const uint64_t pc = 0x1010;
	struct dbg_chain chain = {0};

	put_function(image, 0x1000, 0x100);
	put_inlined(image, 0x1010, 0x40, 77);
	for (int i = 0; i < 3; i++)
		put_end(image);
	end_length(&image->info, start);
	struct dbg_unit unit = dbg_image_unit(image, 0);
	cr_assert(dbg_inlined_find(&unit, &pc, 1, &chain));
	check_u64(chain.levels[1].call_file, 1);
	check_u64(chain.levels[1].call_line, 77);
	free(chain.levels);
	dbg_image_free(image);
}

// Where the innermost function at PC begins.
static uint64_t start_at(struct dbg_image *image, uint64_t pc)
{
	struct dbg_unit unit = dbg_image_unit(image, 0);
	struct dbg_chain chain = {0};

	cr_assert(dbg_inlined_find(&unit, &pc, 1, &chain) && chain.count > 0);
	uint64_t start = chain.levels[chain.count - 1].start;
	free(chain.levels);
	return start;
}

Test(dbginline, a_function_begins_with_its_first_part)
{
	static const uint64_t ranges[] = {UINT64_MAX, 0x1000, 0x80, 0x84, 0x10, 0x14, 0, 0};
	size_t start;
	struct dbg_image *image = begin_image(&start);

	put_function(image, 0x1000, 0x100);
	put_uleb(&image->info, PARTS);
	put_number(&image->info, 0, 4);
	put_number(&image->info, 3, 1);
	put_end(image);
	put_function(image, 0x1100, 0x10);
	put_end(image);
	put_end(image);
	end_length(&image->info, start);
	put_bytes(&image->ranges, ranges, sizeof(ranges));
	check_u64(start_at(image, 0x1020), 0x1000);
	check_u64(start_at(image, 0x1083), 0x1080);
	check_u64(start_at(image, 0x1010), UINT64_MAX); // in another part
	check_u64(start_at(image, 0x110f), 0x1100);
	dbg_image_free(image);
	check_no_leak();
}

// The chain at PC cannot be found, because of TROUBLE.
static void check_refused(struct dbg_image *image, enum dbg_trouble trouble)
{
	struct dbg_unit unit = dbg_image_unit(image, 0);
	struct dbg_chain chain = {0};
	const uint64_t pc = 0x1010;

	check_true(!dbg_inlined_find(&unit, &pc, 1, &chain));
	check_int(image->limits.trouble, trouble);
	free(chain.levels);
	dbg_image_free(image);
	check_no_leak();
}

Test(dbginline, entries_too_deep)
{
	size_t start;
	struct dbg_image *image = begin_image(&start);

	while (image->info.len < DBG_IMAGE_MAX)
		put_uleb(&image->info, BLOCK);
	end_length(&image->info, start);
	check_refused(image, DBG_TOO_LARGE);
}

Test(dbginline, functions_too_deep)
{
	size_t start;
	struct dbg_image *image = begin_image(&start);

	put_function(image, 0x1000, 0x100);
	for (int i = 0; i < 300; i++)
		put_inlined(image, 0x1000, 0x100, 1);
	for (int i = 0; i < 302; i++)
		put_end(image);
	end_length(&image->info, start);
	check_refused(image, DBG_TOO_LARGE);
}

Test(dbginline, an_unknown_kind_of_entry)
{
	size_t start;
	struct dbg_image *image = begin_image(&start);

	put_uleb(&image->info, 99);
	end_length(&image->info, start);
	check_refused(image, DBG_BROKEN);
}

// Each of many entries refers to a list of many ranges.
Test(dbginline, ranges_multiply)
{
	size_t start;
	struct dbg_image *image = begin_image(&start);

	put_function(image, 0x1000, 0x100);
	for (int i = 0; i < 5000; i++) {
		put_uleb(&image->info, PARTS);
		put_number(&image->info, 0, 4);
		put_number(&image->info, 1, 1);
	}
	end_length(&image->info, start);
	for (int i = 0; i < 4000; i++) {
		put_number(&image->ranges, 1, 8);
		put_number(&image->ranges, 1, 8);
	}
	check_refused(image, DBG_TOO_LARGE);
}

// Any byte can be anything.
Test(dbginline, broken_anywhere)
{
	size_t start;
	struct dbg_image *image = begin_image(&start);
	const uint64_t pc = 0x1020;

	put_function(image, 0x1000, 0x100);
	put_inlined(image, 0x1010, 0x40, 7);
	put_inlined(image, 0x1020, 0x10, 8);
	for (int i = 0; i < 4; i++)
		put_end(image);
	end_length(&image->info, start);
	struct dbg_unit unit = dbg_image_unit(image, 0);
	struct dbg_writer *writers[] = {&image->info, &image->abbrev};
	for (size_t i = 0; i < 2; i++)
		for (size_t at = i == 0 ? unit.first : 0; at < writers[i]->len; at++) {
			unsigned char kept = writers[i]->bytes[at];
			for (int value = 0; value < 256; value++) {
				struct dbg_chain chain = {0};
				writers[i]->bytes[at] = (unsigned char)value;
				image->limits.steps = 1 << 16;
				dbg_inlined_find(&unit, &pc, 1, &chain);
				free(chain.levels);
			}
			writers[i]->bytes[at] = kept;
		}
	dbg_image_free(image);
	check_no_leak();
}
