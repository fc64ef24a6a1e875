// SPDX-License-Identifier: GPL-2.0-or-later
// Finding units by addresses and ids.
#include "dbg_image.h"
#include "dbgindex.h"

enum { UNIT = 1, BARE };

// Three units: the first two with addresses, of which the third has none.
static struct dbg_image *image_of_units(uint64_t *offsets)
{
	struct dbg_image *image = dbg_image_new();

	put_abbrev(&image->abbrev, UNIT, DW_TAG_compile_unit, 0, DW_AT_low_pc, DW_FORM_addr,
		DW_AT_high_pc, DW_FORM_udata);
	put_abbrev(&image->abbrev, BARE, DW_TAG_compile_unit, 0);
	put_number(&image->abbrev, 0, 1);
	for (unsigned i = 0; i < 3; i++) {
		offsets[i] = image->info.len;
		size_t start = begin_unit(&image->info);
		put_uleb(&image->info, i < 2 ? UNIT : BARE);
		if (i < 2) {
			put_number(&image->info, 0x1000 + 0x1000 * i, 8);
			put_uleb(&image->info, 0x800);
		}
		end_length(&image->info, start);
	}
	return image;
}

// Asserts what is found for four addresses: in each of the first two units, between, behind.
static void check_units(struct dbg_image *image, uint64_t first, uint64_t second)
{
	static const uint64_t pcs[] = {0x1000, 0x17ff, 0x1800, 0x2100, 0x2800};
	uint64_t units[5];

	dbg_index_find(dbg_image_file(image), pcs, 5, units);
	check_u64(units[0], first);
	check_u64(units[1], first);
	check_u64(units[2], UINT64_MAX);
	check_u64(units[3], second);
	check_u64(units[4], UINT64_MAX);
	dbg_image_free(image);
	check_no_leak();
}

static void put_set(struct dbg_image *image, uint64_t unit, uint64_t low, uint64_t len)
{
	size_t start = begin_length(&image->aranges);

	put_number(&image->aranges, 2, 2);
	put_number(&image->aranges, unit, 4);
	put_bytes(&image->aranges, (unsigned char[]){8, 0, 0, 0, 0, 0}, 6);
	put_number(&image->aranges, 0, 8); // dropped by the linker
	put_number(&image->aranges, 0x7000, 8);
	put_number(&image->aranges, low, 8);
	put_number(&image->aranges, len, 8);
	put_number(&image->aranges, 0, 8);
	put_number(&image->aranges, 0, 8);
	end_length(&image->aranges, start);
}

Test(dbgindex, by_the_units_themselves)
{
	uint64_t offsets[3];
	struct dbg_image *image = image_of_units(offsets);

	check_units(image, offsets[0], offsets[1]);
}

Test(dbgindex, by_a_table_of_addresses)
{
	uint64_t offsets[3];
	struct dbg_image *image = image_of_units(offsets);

	// The table comes first; what it leaves is looked for in the units.
	put_set(image, offsets[2], 0x1000, 0x800);
	check_units(image, offsets[2], offsets[1]);
}

Test(dbgindex, a_broken_table_is_passed_over)
{
	uint64_t offsets[3];
	struct dbg_image *image = image_of_units(offsets);

	put_set(image, 0x7fffffff, 0x1000, 0x800);
	put_number(&image->aranges, 0xfffffff8, 4);
	check_units(image, offsets[0], offsets[1]);
}

Test(dbgindex, units_without_end)
{
	struct dbg_image *image = dbg_image_new();
	const uint64_t pc = 0x1000;
	uint64_t unit;

	put_number(&image->info, 1, 4);
	while (image->info.len < DBG_IMAGE_MAX)
		put_number(&image->info, 0, 1);
	image->limits.steps = 100;
	dbg_index_find(dbg_image_file(image), &pc, 1, &unit);
	check_u64(unit, UINT64_MAX);
	check_int(image->limits.trouble, DBG_TOO_LARGE);
	dbg_image_free(image);
}

// A package's index of two units and four slots.
static struct dbg_image *image_of_package(uint32_t slots)
{
	struct dbg_image *image = dbg_image_new();
	struct dbg_writer *index = &image->index;
	static const uint64_t ids[] = {0, 0x1111, 0x2222, 0};
	static const uint32_t rows[] = {0, 2, 1, 0};
	static const uint32_t table[] = {
		DW_SECT_INFO, DW_SECT_ABBREV, DW_SECT_STR_OFFSETS, 10, 20, 30, 11, 21, 31};

	put_number(index, 5, 2);
	put_number(index, 0, 2);
	put_number(index, 3, 4);
	put_number(index, 2, 4);
	put_number(index, slots, 4);
	put_bytes(index, ids, sizeof(ids));
	put_bytes(index, rows, sizeof(rows));
	put_bytes(index, table, sizeof(table));
	return image;
}

Test(dbgindex, parts_of_a_package)
{
	struct dbg_image *image = image_of_package(4);
	struct dbg_file *file = dbg_image_file(image);
	struct dbg_part part;

	cr_assert(dbg_package_find(file, 0x1111, &part));
	check_u64(part.info, 11);
	check_u64(part.abbrev, 21);
	check_u64(part.str_offsets, 31);
	cr_assert(dbg_package_find(file, 0x2222, &part));
	check_u64(part.info, 10);
	check_true(!dbg_package_find(file, 0x3333, &part));
	check_true(!dbg_package_find(file, 0, &part));
	dbg_image_free(image);
	for (uint32_t i = 0; i < 2; i++) {
		image = image_of_package(i ? UINT32_MAX : 1 << 20);
		check_true(!dbg_package_find(dbg_image_file(image), 0x1111, &part));
		dbg_image_free(image);
	}
	check_no_leak();
}
