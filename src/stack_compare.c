// SPDX-License-Identifier: GPL-2.0-or-later
// Comparing stacks.
#include "stack_compare.h"

#include "frameview.h"

#include <string.h>

static const uint64_t PRIME = UINT64_C(0x100000001b3);

static bool same_module(
	const struct stack_report *a, int32_t x, const struct stack_report *b, int32_t y)
{
	if (a == b || x == STACK_NO_INDEX || y == STACK_NO_INDEX)
		return x == y;
	const struct buildid *p = &a->stacks->modules[x].build_id;
	const struct buildid *q = &b->stacks->modules[y].build_id;
	if (p->len > 0 && q->len > 0 && !buildid_equal(p, q))
		return false;
	return strcmp(a->snapshot->modules[x].path, b->snapshot->modules[y].path) == 0;
}

static bool same_name(const struct stack_report *a, const struct stack_frame *x,
	const struct stack_report *b, const struct stack_frame *y)
{
	if (x->symbol == STACK_NO_INDEX || y->symbol == STACK_NO_INDEX)
		return x->symbol == y->symbol;
	return strcmp(a->stacks->symbols[x->symbol].name, b->stacks->symbols[y->symbol].name) == 0;
}

bool stack_same_frame(const struct stack_report *a, const struct stack_frame *x,
	const struct stack_report *b, const struct stack_frame *y)
{
	if (a == b && x->pc == y->pc)
		return frame_view_same(x, y);
	if (x->module == STACK_NO_INDEX)
		return y->module == STACK_NO_INDEX && x->pc == y->pc && same_name(a, x, b, y);
	return x->vaddr == y->vaddr && same_module(a, x->module, b, y->module);
}

bool stack_same_chain(const struct stack_report *a, const struct stack *x,
	const struct stack_report *b, const struct stack *y)
{
	if (x->frame_count != y->frame_count || strcmp(x->end.reason, y->end.reason) != 0)
		return false;
	if (x->frames == y->frames) // threads that share them
		return true;
	for (size_t f = 0; f < x->frame_count; f++)
		if (!stack_same_frame(a, &x->frames[f], b, &y->frames[f]))
			return false;
	return true;
}

bool stack_same_frames(
	const struct stack_report *a, size_t i, const struct stack_report *b, size_t j)
{
	return stack_same_chain(a, &a->stacks->stacks[i], b, &b->stacks->stacks[j]);
}

size_t stack_count_common(const struct stack_report *a, const struct stack *x,
	const struct stack_report *b, const struct stack *y)
{
	size_t common = 0;

	// A chain that was cut off has no outer frames that could be compared.
	if (x->end.status != STACK_COMPLETE || y->end.status != STACK_COMPLETE)
		return 0;
	while (common < x->frame_count && common < y->frame_count &&
		stack_same_frame(a, &x->frames[x->frame_count - 1 - common], b,
			&y->frames[y->frame_count - 1 - common]))
		common++;
	return common;
}

// True when the second engine finds the same of both threads.
static bool same_verify(
	const struct stack_report *a, size_t i, const struct stack_report *b, size_t j)
{
	bool differs = stack_report_differs(a, i);

	if (!differs || !stack_report_differs(b, j))
		return differs == stack_report_differs(b, j);
	const struct stack_verify *x = &a->stacks->verifies[i], *y = &b->stacks->verifies[j];
	return x->same == y->same && x->other_goes_on == y->other_goes_on &&
	       x->other_pc == y->other_pc;
}

bool stack_same(const struct stack_report *a, size_t i, const struct stack_report *b, size_t j)
{
	const struct snapshot_thread *p = &a->snapshot->threads[i];
	const struct snapshot_thread *q = &b->snapshot->threads[j];

	return p->status == q->status && p->state == q->state &&
	       a->stacks->stacks[i].end.overflow_sp == b->stacks->stacks[j].end.overflow_sp &&
	       same_verify(a, i, b, j) && stack_same_frames(a, i, b, j);
}

uint64_t stack_hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * PRIME;
	return hash;
}

// Of the frames of STACK, what stack_same_frame() compares. Neighbours are mostly of one module.
static uint64_t hash_frames(
	uint64_t hash, const struct stack_report *report, const struct stack *stack)
{
	int32_t module = STACK_NO_INDEX;

	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct stack_frame *frame = &stack->frames[i];
		if (frame->module == STACK_NO_INDEX) {
			hash = (hash ^ frame->pc) * PRIME;
			continue;
		}
		if (frame->module != module)
			hash = stack_hash_text(hash, report->snapshot->modules[frame->module].path);
		module = frame->module;
		hash = (hash ^ frame->vaddr) * PRIME;
	}
	return hash;
}

uint64_t stack_hash_chain(
	uint64_t hash, const struct stack_report *report, const struct stack *chain)
{
	return hash_frames(stack_hash_text(hash, chain->end.reason), report, chain);
}

uint64_t stack_hash(const struct stack_report *report, size_t index)
{
	const struct stack *stack = &report->stacks->stacks[index];
	const struct snapshot_thread *thread = &report->snapshot->threads[index];
	uint64_t hash = (uint64_t)stack->end.status << 16 | (uint64_t)thread->status << 8 |
			(unsigned char)thread->state;

	hash = stack_hash_chain(hash, report, stack);
	if (stack_report_differs(report, index))
		hash ^= 1 + report->stacks->verifies[index].same +
			report->stacks->verifies[index].other_pc;
	return hash;
}
