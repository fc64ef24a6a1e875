// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table of code addresses.
#include "locations.h"

#include "cleanup.h"

#include <string.h>

enum { SLOTS_FIRST = 1 << 8 };

int locations_init(struct locations *locations)
{
	*locations = (struct locations){.slot_count = SLOTS_FIRST, .capacity = SLOTS_FIRST / 2};
	locations->rows = reallocarray(NULL, locations->capacity, sizeof(*locations->rows));
	locations->slots = calloc(locations->slot_count, sizeof(*locations->slots));
	if (!locations->rows || !locations->slots) {
		locations_fini(locations);
		return -ENOMEM;
	}
	return 0;
}

void locations_fini(struct locations *locations)
{
	free(locations->rows);
	free(locations->slots);
	memset(locations, 0, sizeof(*locations));
}

// The slot that holds PC's row, or the free one where it belongs.
static uint32_t *find_slot(const struct locations *locations, uint64_t pc)
{
	size_t mask = locations->slot_count - 1;
	size_t at = (size_t)((pc * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

	while (locations->slots[at] != 0 && locations->rows[locations->slots[at] - 1].pc != pc)
		at = (at + 1) & mask;
	return &locations->slots[at];
}

// Doubles the room; the table stays half empty.
static int grow(struct locations *locations)
{
	size_t capacity = locations->capacity * 2;
	struct location_row *rows = reallocarray(locations->rows, capacity, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	locations->rows = rows;
	uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(locations->slots);
	locations->slots = slots;
	locations->slot_count = capacity * 2;
	locations->capacity = capacity;
	for (size_t i = 0; i < locations->count; i++)
		*find_slot(locations, rows[i].pc) = (uint32_t)i + 1;
	return 0;
}

int locations_add(struct locations *locations, struct space *space, uint64_t pc, uint32_t *ret)
{
	uint32_t *slot = find_slot(locations, pc);

	if (*slot == 0) {
		if (locations->count == locations->capacity) {
			int r = grow(locations);
			if (r < 0)
				return r;
			slot = find_slot(locations, pc);
		}
		struct location at = space_locate(space, pc);
		locations->rows[locations->count++] =
			(struct location_row){pc, at.module, at.vaddr, -1};
		*slot = (uint32_t)locations->count;
	}
	*ret = *slot - 1;
	return 0;
}
