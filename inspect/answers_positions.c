// SPDX-License-Identifier: GPL-2.0-or-later
// Checking and keeping what the worker says of functions, files and lines.
#include "answers.h"

#include "cleanup.h"

#include <string.h>

enum { POSITIONS_MAX = 1 << 20 }; // of all code addresses

// Makes room in STACKS for location INDEX.
static int reach(struct stacks *stacks, uint32_t index)
{
	if (index < stacks->location_count)
		return 0;
	size_t count = 2 * ((size_t)index + 32);
	struct stack_location *grown = reallocarray(stacks->locations, count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + stacks->location_count, 0,
		(count - stacks->location_count) * sizeof(*grown));
	stacks->locations = grown;
	stacks->location_count = count;
	return 0;
}

// Makes room for COUNT more positions.
static int make_room(struct answers *answers, size_t count)
{
	struct stacks *stacks = answers->stacks;
	size_t wanted = stacks->position_count + count;

	if (wanted <= answers->position_capacity)
		return 0;
	struct stack_position *grown = reallocarray(stacks->positions, 2 * wanted, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	stacks->positions = grown;
	answers->position_capacity = 2 * wanted;
	return 0;
}

static bool is_name(const struct stacks *stacks, int32_t name)
{
	return name == STACK_NO_INDEX || (name >= 0 && (size_t)name < stacks->symbol_count);
}

// True when the positions of RECORD refer to what there is.
static bool are_valid(const struct stacks *stacks, const struct wire_record *record)
{
	for (uint32_t i = 0; i < record->count; i++)
		if (!is_name(stacks, record->positions[i].name) ||
			!is_name(stacks, record->positions[i].file))
			return false;
	return record->count > 0;
}

int answers_take_positions(struct answers *answers, const struct wire_record *record)
{
	struct stacks *stacks = answers->stacks;

	if (record->index >= WIRE_LOCATIONS_MAX || !are_valid(stacks, record) ||
		stacks->position_count + record->count > POSITIONS_MAX)
		return -EPROTO;
	int r = reach(stacks, record->index);
	if (r < 0)
		return r;
	struct stack_location *location = &stacks->locations[record->index];
	if (location->count > 0)
		return -EPROTO;
	if ((r = make_room(answers, record->count)) < 0)
		return r;
	*location = (struct stack_location){(uint32_t)stacks->position_count, record->count};
	for (uint32_t i = 0; i < record->count; i++) {
		const struct wire_position *from = &record->positions[i];
		stacks->positions[stacks->position_count++] =
			(struct stack_position){from->name, from->file, from->line};
	}
	return 0;
}
