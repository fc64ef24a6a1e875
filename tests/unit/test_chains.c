// SPDX-License-Identifier: GPL-2.0-or-later
#include "chains.h"
#include "unit.h"

static const struct stack_end complete = {.status = STACK_COMPLETE};

// A chain of COUNT frames, innermost FIRST.
static uint32_t add(
	struct chains *chains, uint64_t first, size_t count, const struct stack_end *end)
{
	struct unwind_frame frames[64];
	uint32_t row = UINT32_MAX;

	for (size_t i = 0; i < count; i++)
		frames[i] = (struct unwind_frame){
			.pc = first + 16 * i, .activation = i == 0, .via = FRAME_VIA_CFI};
	check_int(chains_add(chains, frames, count, end, &row), 0);
	return row;
}

Test(chains, equal_ones_are_kept_once)
{
	struct chains chains;
	enum { COUNT = 5000 };

	check_int(chains_init(&chains), 0);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < COUNT; i++)
			check_int(add(&chains, i, 1 + i % 64, &complete), i);
	check_int(chains.count, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		check_int(chains.rows[i].count, 1 + i % 64);
		check_u64(chains.frames[chains.rows[i].first].pc, i);
	}
	chains_fini(&chains);
	check_no_leak();
}

Test(chains, every_field_tells_two_apart)
{
	const struct stack_end ends[] = {{.status = STACK_PARTIAL, .reason = "one"},
		{.status = STACK_PARTIAL, .reason = "two"},
		{.status = STACK_COMPLETE, .overflow_sp = 8}, {.status = STACK_COMPLETE}};
	const struct unwind_frame frames[] = {{.pc = 1}, {.pc = 2}, {.pc = 1, .signal = true},
		{.pc = 1, .activation = true}, {.pc = 1, .via = FRAME_VIA_FORWARD}};
	struct chains chains;
	uint32_t row, wanted = 0;

	check_int(chains_init(&chains), 0);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		for (size_t j = 0; j < sizeof(frames) / sizeof(frames[0]); j++) {
			check_int(chains_add(&chains, &frames[j], 1, &ends[i], &row), 0);
			check_int(row, wanted++);
		}
	check_int(chains_add(&chains, frames, 2, &complete, &row), 0);
	check_int(row, wanted);
	// A chain of no frames is one too.
	check_int(chains_add(&chains, NULL, 0, &ends[0], &row), 0);
	check_int(row, wanted + 1);
	check_int(chains_add(&chains, NULL, 0, &ends[0], &row), 0);
	check_int(row, wanted + 1);
	chains_fini(&chains);
	check_no_leak();
}
