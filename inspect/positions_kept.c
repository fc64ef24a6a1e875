// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table of positions.
#include "positions_kept.h"

#include "cleanup.h"

#include <string.h>

enum { SLOTS_FIRST = 64 };

void positions_kept_fini(struct positions_kept *kept)
{
	if (kept->rows)
		positions_fini(kept->rows, kept->slot_count);
	free(kept->rows);
	free(kept->used);
	memset(kept, 0, sizeof(*kept));
}

static void release(void *kept)
{
	positions_kept_fini(kept);
}

struct positions_kept *positions_kept_of(struct module *module)
{
	return module_part(module, MODULE_POSITIONS, sizeof(struct positions_kept), release);
}

// The slot of VADDR, or the free one where it belongs.
static size_t find_slot(const struct positions_kept *kept, uint64_t vaddr)
{
	size_t mask = kept->slot_count - 1;
	size_t at = (size_t)((vaddr * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

	while (kept->used[at] && kept->rows[at].vaddr != vaddr)
		at = (at + 1) & mask;
	return at;
}

// Doubles the room; it stays half empty.
static int grow(struct positions_kept *kept)
{
	struct positions_kept grown = *kept;

	grown.slot_count = kept->slot_count ? 2 * kept->slot_count : SLOTS_FIRST;
	grown.rows = calloc(grown.slot_count, sizeof(*grown.rows));
	grown.used = calloc(grown.slot_count, sizeof(*grown.used));
	if (!grown.rows || !grown.used) {
		free(grown.rows);
		free(grown.used);
		return -ENOMEM;
	}
	for (size_t i = 0; i < kept->slot_count; i++) {
		if (!kept->used[i])
			continue;
		size_t slot = find_slot(&grown, kept->rows[i].vaddr);
		grown.rows[slot] = kept->rows[i];
		grown.used[slot] = true;
	}
	free(kept->rows);
	free(kept->used);
	*kept = grown;
	return 0;
}

int positions_kept_take(struct positions_kept *kept, struct position_query *query)
{
	if (2 * (kept->count + 1) > kept->slot_count) {
		int r = grow(kept);
		if (r < 0)
			return r;
	}
	size_t slot = find_slot(kept, query->vaddr);
	if (kept->used[slot]) // of two mappings of one file
		return 0;
	kept->count++;
	kept->used[slot] = true;
	kept->rows[slot] = *query;
	*query = (struct position_query){.vaddr = query->vaddr};
	return 0;
}

void positions_kept_trouble(struct positions_kept *kept, const struct positions_trouble *trouble)
{
	if (!kept->trouble.note || trouble->is_damage)
		kept->trouble = *trouble;
}

const struct position_query *positions_kept_find(const struct positions_kept *kept, uint64_t vaddr)
{
	if (kept->slot_count == 0)
		return NULL;
	size_t slot = find_slot(kept, vaddr);
	return kept->used[slot] ? &kept->rows[slot] : NULL;
}
