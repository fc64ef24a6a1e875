// SPDX-License-Identifier: GPL-2.0-or-later
// Which parts a file can have.
#include "filepart.h"
#include "unit.h"

Test(filepart, what_fits)
{
	static const struct file_part apart[] = {{0, 4}, {4, 1}, {10, 90}};

	check_true(file_parts_fit(NULL, 0, 0));
	check_true(file_parts_fit(apart, 3, 100));
	check_true(file_parts_fit(apart, 2, 5));
	check_false(file_parts_fit(apart, 3, 99));
	check_false(file_parts_fit(apart, 2, 4));
	check_false(file_parts_fit(apart, 1, 0));
}

Test(filepart, what_does_not)
{
	static const struct file_part wrong[][2] = {
		{{0, 0}, {8, 1}},                   // empty
		{{8, 1}, {0, 1}},                   // descending
		{{0, 9}, {8, 1}},                   // one into the other
		{{0, 1}, {UINT64_MAX, 1}},          // behind the end
		{{0, 1}, {UINT64_MAX, UINT64_MAX}}, // and around
		{{1, UINT64_MAX}, {2, 1}},
		{{UINT64_MAX - 1, 4}, {2, 1}},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert(!file_parts_fit(wrong[i], 2, INT64_MAX), "row %zu", i);
}

Test(filepart, not_too_many)
{
	struct file_part *rows = calloc(FILE_PARTS_MAX + 1, sizeof(*rows));

	for (size_t i = 0; i <= FILE_PARTS_MAX; i++)
		rows[i] = (struct file_part){2 * i, 1};
	check_true(file_parts_fit(rows, FILE_PARTS_MAX, 1 << 20));
	check_false(file_parts_fit(rows, FILE_PARTS_MAX + 1, 1 << 20));
	struct file_parts parts = {.rows = rows, .count = FILE_PARTS_MAX};
	check_u64(file_parts_len(&parts), FILE_PARTS_MAX);
	file_parts_fini(&parts);
	check_true(!parts.rows && parts.count == 0);
	check_no_leak();
}
