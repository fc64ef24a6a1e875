// SPDX-License-Identifier: GPL-2.0-or-later
// Frames as they are shown: with the functions that were inlined at a code address as frames of
// their own, before the one that they were inlined into.
#pragma once

#include "stacks.h"

struct frame_view {
	const struct stack_frame *frame;
	const char *symbol; // NULL: not known
	bool has_offset;    // it is known where it begins; never of an inlined one
	uint64_t offset;    // from there
	bool inlined;
	const char *file; // NULL: not known
	uint32_t line;    // 0: not known
};

// The function that FRAME of STACKS is in: index into their symbols, or STACK_NO_INDEX. Debug
// information names it where no symbol does.
int32_t frame_view_symbol(const struct stacks *stacks, const struct stack_frame *frame);

// How many frames are shown for FRAME of STACKS: at least one.
size_t frame_view_count(const struct stacks *stacks, const struct stack_frame *frame);

// Number INDEX of these, the innermost first.
struct frame_view frame_view_at(
	const struct stacks *stacks, const struct stack_frame *frame, size_t index);

// The order of A and B, in which those that are shown alike are equal: as memcmp(3).
int frame_view_compare(const struct stack_frame *a, const struct stack_frame *b);

static inline bool frame_view_same(const struct stack_frame *a, const struct stack_frame *b)
{
	return frame_view_compare(a, b) == 0;
}

// How many frames are shown for the first COUNT of STACK.
size_t frame_view_sum(const struct stacks *stacks, const struct stack *stack, size_t count);
