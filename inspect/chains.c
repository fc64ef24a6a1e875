// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table of chains.
#include "chains.h"

#include "cleanup.h"

#include <string.h>

enum { ROWS_FIRST = 16 };

int chains_init(struct chains *chains)
{
	*chains = (struct chains){.capacity = ROWS_FIRST, .slot_count = 2 * ROWS_FIRST};
	chains->rows = reallocarray(NULL, chains->capacity, sizeof(*chains->rows));
	chains->slots = calloc(chains->slot_count, sizeof(*chains->slots));
	if (!chains->rows || !chains->slots) {
		chains_fini(chains);
		return -ENOMEM;
	}
	return 0;
}

void chains_fini(struct chains *chains)
{
	free(chains->frames);
	free(chains->rows);
	free(chains->slots);
	memset(chains, 0, sizeof(*chains));
}

static uint64_t hash_of(const struct unwind_frame *frames, size_t count)
{
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ frames[i].pc) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static bool same_frame(const struct unwind_frame *a, const struct unwind_frame *b)
{
	return a->pc == b->pc && a->signal == b->signal && a->activation == b->activation &&
	       a->via == b->via;
}

static bool is_row(const struct chains *chains, const struct chain_row *row,
	const struct unwind_frame *frames, const struct chain_row *wanted)
{
	if (row->hash != wanted->hash || row->count != wanted->count ||
		row->end.status != wanted->end.status ||
		row->end.overflow_sp != wanted->end.overflow_sp ||
		strcmp(row->end.reason, wanted->end.reason) != 0)
		return false;
	for (size_t i = 0; i < row->count; i++)
		if (!same_frame(&chains->frames[row->first + i], &frames[i]))
			return false;
	return true;
}

// The slot after those of other rows with HASH's place, which is free, or holds the row that is as
// WANTED with FRAMES.
static uint32_t *find_slot(const struct chains *chains, const struct unwind_frame *frames,
	const struct chain_row *wanted)
{
	size_t mask = chains->slot_count - 1, at = wanted->hash & mask;

	while (chains->slots[at] != 0 &&
		!is_row(chains, &chains->rows[chains->slots[at] - 1], frames, wanted))
		at = (at + 1) & mask;
	return &chains->slots[at];
}

// Doubles the room for rows; the slots stay half empty.
static int grow_rows(struct chains *chains)
{
	size_t capacity = chains->capacity * 2;
	struct chain_row *rows = reallocarray(chains->rows, capacity, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	chains->rows = rows;
	uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(chains->slots);
	chains->slots = slots;
	chains->slot_count = capacity * 2;
	chains->capacity = capacity;
	for (size_t i = 0; i < chains->count; i++)
		*find_slot(chains, chains->frames + rows[i].first, &rows[i]) = (uint32_t)i + 1;
	return 0;
}

static int grow_frames(struct chains *chains, size_t count)
{
	if (chains->frame_count + count <= chains->frame_capacity)
		return 0;
	size_t capacity = 2 * chains->frame_capacity + count;
	struct unwind_frame *frames = reallocarray(chains->frames, capacity, sizeof(*frames));
	if (!frames)
		return -ENOMEM;
	chains->frames = frames;
	chains->frame_capacity = capacity;
	return 0;
}

int chains_add(struct chains *chains, const struct unwind_frame *frames, size_t count,
	const struct stack_end *end, uint32_t *ret)
{
	struct chain_row row = {chains->frame_count, count, *end, hash_of(frames, count)};
	uint32_t *slot = find_slot(chains, frames, &row);
	int r;

	if (*slot == 0) {
		if ((r = grow_frames(chains, count)) < 0)
			return r;
		if (chains->count == chains->capacity) {
			if ((r = grow_rows(chains)) < 0)
				return r;
			slot = find_slot(chains, frames, &row);
		}
		if (count > 0)
			memcpy(chains->frames + row.first, frames, count * sizeof(*frames));
		chains->frame_count += count;
		chains->rows[chains->count++] = row;
		*slot = (uint32_t)chains->count;
	}
	*ret = *slot - 1;
	return 0;
}
