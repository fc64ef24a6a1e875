// SPDX-License-Identifier: GPL-2.0-or-later
// Frames with their positions.
#include "frameview.h"

static struct stack_location location_of(
	const struct stacks *stacks, const struct stack_frame *frame)
{
	if (frame->location < 0 || (size_t)frame->location >= stacks->location_count)
		return (struct stack_location){0};
	return stacks->locations[frame->location];
}

static const char *name_of(const struct stacks *stacks, int32_t symbol)
{
	return symbol == STACK_NO_INDEX ? NULL : stacks->symbols[symbol].name;
}

int32_t frame_view_symbol(const struct stacks *stacks, const struct stack_frame *frame)
{
	struct stack_location location = location_of(stacks, frame);

	if (frame->symbol != STACK_NO_INDEX || location.count == 0)
		return frame->symbol;
	return stacks->positions[location.first + location.count - 1].name;
}

size_t frame_view_count(const struct stacks *stacks, const struct stack_frame *frame)
{
	struct stack_location location = location_of(stacks, frame);

	return location.count > 0 ? location.count : 1;
}

struct frame_view frame_view_at(
	const struct stacks *stacks, const struct stack_frame *frame, size_t index)
{
	struct stack_location location = location_of(stacks, frame);
	struct frame_view view = {.frame = frame, .inlined = index + 1 < location.count};

	if (location.count > 0) {
		const struct stack_position *at = &stacks->positions[location.first + index];
		view.file = name_of(stacks, at->file);
		view.line = at->line;
		view.symbol = name_of(stacks, at->name);
	}
	if (view.inlined)
		return view;
	int32_t symbol = frame_view_symbol(stacks, frame);
	view.symbol = name_of(stacks, symbol);
	view.has_offset = view.symbol && stacks->symbols[symbol].vaddr != UINT64_MAX;
	if (view.has_offset)
		view.offset = frame->vaddr - stacks->symbols[symbol].vaddr;
	return view;
}

int frame_view_compare(const struct stack_frame *a, const struct stack_frame *b)
{
	if (a->pc != b->pc)
		return a->pc < b->pc ? -1 : 1;
	return (a->location > b->location) - (a->location < b->location);
}

size_t frame_view_sum(const struct stacks *stacks, const struct stack *stack, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count && i < stack->frame_count; i++)
		sum += frame_view_count(stacks, &stack->frames[i]);
	return sum;
}
