// SPDX-License-Identifier: GPL-2.0-or-later
// Units, abbreviations, entries and names; hostile ones included.
#include "dbg_image.h"

enum { UNIT = 1, FUNCTION, COPY, CONCRETE, METHOD };

// A unit with a plain function, a copy of it, and a copy of the copy that has a mangled name.
static struct dbg_image *image_of_names(uint64_t *offsets)
{
	struct dbg_image *image = dbg_image_new();

	put_abbrev(&image->abbrev, UNIT, DW_TAG_compile_unit, 1, DW_AT_name, DW_FORM_string,
		DW_AT_low_pc, DW_FORM_addr);
	put_abbrev(&image->abbrev, FUNCTION, DW_TAG_subprogram, 0, DW_AT_name, DW_FORM_string);
	put_abbrev(&image->abbrev, COPY, DW_TAG_subprogram, 0, DW_AT_abstract_origin, DW_FORM_ref4);
	put_abbrev(&image->abbrev, METHOD, DW_TAG_subprogram, 0, DW_AT_linkage_name, DW_FORM_string,
		DW_AT_specification, DW_FORM_ref4);
	put_number(&image->abbrev, 0, 1);
	size_t start = begin_unit(&image->info);
	put_uleb(&image->info, UNIT);
	put_string(&image->info, "unit.c");
	put_number(&image->info, 0x1000, 8);
	offsets[0] = image->info.len;
	put_uleb(&image->info, FUNCTION);
	put_string(&image->info, "plain");
	offsets[1] = image->info.len;
	put_uleb(&image->info, COPY);
	put_number(&image->info, offsets[0], 4);
	offsets[2] = image->info.len;
	put_uleb(&image->info, METHOD);
	put_string(&image->info, "_ZN1a6mangleEv");
	put_number(&image->info, offsets[0], 4);
	offsets[3] = image->info.len; // refers to the one behind it, which refers to it
	put_uleb(&image->info, COPY);
	put_number(&image->info, offsets[3] + 5, 4);
	put_uleb(&image->info, COPY);
	put_number(&image->info, offsets[3], 4);
	offsets[4] = image->info.len; // refers to itself
	put_uleb(&image->info, COPY);
	put_number(&image->info, offsets[4], 4);
	offsets[5] = image->info.len; // refers out of the unit
	put_uleb(&image->info, COPY);
	put_number(&image->info, 0x7fffffff, 4);
	put_number(&image->info, 0, 1);
	end_length(&image->info, start);
	return image;
}

Test(dbgunit, names_of_functions_and_their_copies)
{
	uint64_t offsets[6];
	struct dbg_image *image = image_of_names(offsets);
	struct dbg_unit unit = dbg_image_unit(image, 0);

	check_str(dbg_value_string(&unit, &unit.values[DBG_NAME]), "unit.c");
	check_u64(unit.low_pc, 0x1000);
	check_str(dbg_function_name(&unit, offsets[0]), "plain");
	check_str(dbg_function_name(&unit, offsets[1]), "plain");
	check_str(dbg_function_name(&unit, offsets[2]), "_ZN1a6mangleEv");
	check_int(image->limits.trouble, DBG_FINE);
	dbg_image_free(image);
	check_no_leak();
}

Test(dbgunit, copies_of_copies_end)
{
	uint64_t offsets[6];
	struct dbg_image *image = image_of_names(offsets);
	struct dbg_unit unit = dbg_image_unit(image, 0);

	check_true(dbg_function_name(&unit, offsets[3]) == NULL);
	check_int(image->limits.trouble, DBG_BROKEN);
	check_true(dbg_function_name(&unit, offsets[4]) == NULL);
	check_true(dbg_function_name(&unit, offsets[5]) == NULL);
	check_true(dbg_function_name(&unit, UINT64_MAX) == NULL);
	dbg_image_free(image);
	check_no_leak();
}

// Cut at every byte, it is read no further than it goes (the sanitizers see to that).
Test(dbgunit, cut_anywhere)
{
	uint64_t offsets[6];
	struct dbg_image *image = image_of_names(offsets);
	struct dbg_unit unit;

	for (size_t len = 0; len < image->info.len; len++) {
		unsigned char *bytes = malloc(len + 1);
		memcpy(bytes, image->info.bytes, len);
		struct dbg_file file = {.limits = &image->limits};
		dbg_image_file(image);
		memcpy(file.packed, image->file.packed, sizeof(file.packed));
		file.packed[DBG_INFO].bytes = (struct dbg_bytes){bytes, len};
		check_true(!dbg_unit_read(&file, 0, NULL, NULL, &unit));
		free(bytes);
	}
	for (size_t len = 0; len < image->abbrev.len; len++) {
		struct dbg_abbrevs abbrevs;
		unsigned char *bytes = malloc(len + 1);
		memcpy(bytes, image->abbrev.bytes, len);
		struct dbg_file *file = dbg_image_file(image);
		unit = (struct dbg_unit){.file = file, .address_len = 8, .offset_len = 4};
		file->packed[DBG_ABBREV].looked = false;
		file->packed[DBG_ABBREV].bytes = (struct dbg_bytes){bytes, len};
		check_true(!dbg_abbrevs_read(&unit, &abbrevs));
		free(bytes);
	}
	dbg_image_free(image);
	check_no_leak();
}

Test(dbgunit, abbreviations_in_any_order)
{
	struct dbg_image *image = dbg_image_new();
	struct dbg_abbrevs abbrevs;
	static const uint64_t codes[] = {9, 2, 0x7000000000000000, 1, 5};

	for (size_t i = 0; i < 5; i++)
		put_abbrev(&image->abbrev, codes[i], 100 + (unsigned)i, 0);
	put_number(&image->abbrev, 0, 1);
	struct dbg_unit unit = {.file = dbg_image_file(image), .address_len = 8, .offset_len = 4};
	cr_assert(dbg_abbrevs_read(&unit, &abbrevs));
	for (size_t i = 0; i < 5; i++)
		check_int(dbg_abbrevs_find(&abbrevs, codes[i])->tag, 100 + i);
	check_true(dbg_abbrevs_find(&abbrevs, 3) == NULL);
	check_true(dbg_abbrevs_find(&abbrevs, UINT64_MAX) == NULL);
	dbg_abbrevs_fini(&abbrevs);
	dbg_image_free(image);
	check_no_leak();
}

Test(dbgunit, steps_run_out)
{
	uint64_t offsets[6];
	struct dbg_image *image = image_of_names(offsets);
	struct dbg_unit unit = dbg_image_unit(image, 0);

	image->limits.steps = 3;
	check_true(dbg_function_name(&unit, offsets[1]) == NULL);
	check_int(image->limits.trouble, DBG_TOO_LARGE);
	check_int(image->limits.steps, 0);
	dbg_image_free(image);
}

Test(dbgunit, numbers)
{
	static const unsigned char bytes[] = {0x80, 0x80, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0x7f, 0x7f, 0x80, 0x7f, 0x3f, 0x81};
	unsigned char *copy = malloc(sizeof(bytes));
	memcpy(copy, bytes, sizeof(bytes));
	struct dbg_cursor cursor = dbg_cursor_at((struct dbg_bytes){copy, sizeof(bytes)}, 0);

	check_u64(dbg_uleb(&cursor), 0);
	check_u64(dbg_uleb(&cursor), UINT64_MAX); // with more bits than there are
	check_int(dbg_sleb(&cursor), -1);
	check_int(dbg_sleb(&cursor), -128);
	check_int(dbg_sleb(&cursor), 63);
	check_true(!cursor.failed);
	check_u64(dbg_uleb(&cursor), 1); // without its end
	check_true(cursor.failed);
	check_u64(dbg_number(&cursor, 8), 0);
	check_true(dbg_string(&cursor) == NULL);
	free(copy);
}
