// SPDX-License-Identifier: GPL-2.0-or-later
// Positions that are kept by address.
#include "positions_kept.h"

#include "unit.h"

static struct position_query query_of(uint64_t vaddr, const char *file)
{
	struct position_query query = {.vaddr = vaddr, .count = 1};

	query.rows = calloc(1, sizeof(*query.rows));
	query.rows->file = strdup(file);
	query.rows->line = (uint32_t)vaddr;
	return query;
}

Test(positions_kept, what_was_taken_is_found)
{
	enum { COUNT = 1000 };
	struct positions_kept kept = {0};
	struct position_query none = {.vaddr = COUNT};
	char file[32];

	check_true(positions_kept_find(&kept, 0) == NULL);
	for (uint64_t i = 0; i < COUNT; i++) {
		snprintf(file, sizeof(file), "%u.c", (unsigned)i);
		struct position_query query = query_of(i, file);
		check_int(positions_kept_take(&kept, &query), 0);
		check_true(query.rows == NULL && query.count == 0);
	}
	check_int(positions_kept_take(&kept, &none), 0); // that nothing is known is known too
	for (uint64_t i = 0; i < COUNT; i++) {
		const struct position_query *found = positions_kept_find(&kept, i);
		snprintf(file, sizeof(file), "%u.c", (unsigned)i);
		check_int(found->count, 1);
		check_str(found->rows->file, file);
		check_int(found->rows->line, i);
	}
	check_int(positions_kept_find(&kept, COUNT)->count, 0);
	check_true(positions_kept_find(&kept, COUNT + 1) == NULL);
	positions_kept_fini(&kept);
	check_no_leak();
}

Test(positions_kept, an_address_of_two_mappings)
{
	struct positions_kept kept = {0};
	struct position_query first = query_of(7, "first.c"), second = query_of(7, "second.c");

	check_int(positions_kept_take(&kept, &first), 0);
	check_int(positions_kept_take(&kept, &second), 0);
	check_str(positions_kept_find(&kept, 7)->rows->file, "first.c");
	check_str(second.rows->file, "second.c");
	positions_fini(&second, 1);
	positions_kept_fini(&kept);
	check_no_leak();
}

Test(positions_kept, the_worst_trouble_is_kept)
{
	struct positions_kept kept = {0};

	positions_kept_trouble(&kept, &(struct positions_trouble){0});
	check_true(kept.trouble.note == NULL);
	positions_kept_trouble(&kept, &(struct positions_trouble){"parts", false});
	check_str(kept.trouble.note, "parts");
	positions_kept_trouble(&kept, &(struct positions_trouble){"broken", true});
	positions_kept_trouble(&kept, &(struct positions_trouble){"parts", false});
	check_str(kept.trouble.note, "broken");
	check_true(kept.trouble.is_damage);
	positions_kept_fini(&kept);
}
