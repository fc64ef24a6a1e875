// SPDX-License-Identifier: GPL-2.0-or-later
// Copying stacks.
#include "stackcopy.h"

#include "callcopy.h"
#include "copier.h"
#include "gostack.h"
#include "hugepages.h"
#include "memory.h"
#include "sys.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>

enum {
	PAGE = 4096,
	FEW_PAGES = 8,
	DESCRIPTOR_MAX = 4096, // bytes that C libraries keep of a thread from its thread pointer up
};

// Where the stack in MAP of thread INDEX begins: at its end, or, of a thread that a C library has
// made, below what that keeps there of it (glibc: struct pthread), which is mostly more than the
// frames are. Only what is on top of a mapping is taken for that.
static uint64_t stack_base(const struct plan *plan, size_t index, const struct snapshot_map *map)
{
	const struct snapshot_thread *thread = &plan->threads[index];
	uint64_t pointer = plan->rows[index].thread_pointer;

	if (thread->tid == plan->pid || pointer <= thread->regs[ARCH_REG_SP] ||
		pointer > map->end || map->end - pointer > DESCRIPTOR_MAX)
		return map->end;
	return pointer;
}

// How many bytes of the stack of thread INDEX are to be copied.
static size_t wanted_len(const struct plan *plan, size_t index)
{
	uint64_t sp = plan->threads[index].regs[ARCH_REG_SP];
	const struct snapshot_map *map = snapshot_find_map(plan->snapshot, sp);
	// A stack that was mapped after the maps were read: what is left of its page at least.
	uint64_t end = map ? stack_base(plan, index, map) : (sp | (PAGE - 1)) + 1;

	return end - sp;
}

void stackcopy_make_present(const struct plan *plan, size_t from, size_t to)
{
	if (plan->stacks_borrowed && hugepages_are_worth(to))
		hugepages_end(plan->stacks + to);
	sys_populate(plan->stacks + from, to - from);
}

void stackcopy_reserve(struct plan *plan, const size_t *indices, size_t count)
{
	size_t before = plan->stacks_len;

	for (size_t i = 0; i < count; i++) {
		struct snapshot_thread *thread = &plan->threads[indices[i]];
		struct plan_row *row = &plan->rows[indices[i]];
		row->copy_errnum = 0;
		size_t len = wanted_len(plan, indices[i]), most = plan->stack_max;
		// What an earlier attempt has reserved is taken again if it suffices.
		bool reuse = row->room >= (len < most ? len : most);
		if (!reuse && most > plan->stacks_capacity - plan->stacks_len)
			most = plan->stacks_capacity - plan->stacks_len;
		thread->stack_cut = len > most;
		thread->stack_len = len > most ? most : len;
		if (reuse)
			continue;
		thread->stack_offset = plan->stacks_len;
		row->room = thread->stack_len;
		plan->stacks_len += thread->stack_len;
	}
	if (plan->stacks_len == before)
		return;
	// A page fault for each page would make the pause longer; but a few are as fast.
	size_t first = before & ~(size_t)(PAGE - 1);
	if (plan->stacks_len - first > FEW_PAGES * PAGE)
		stackcopy_make_present(plan, first, plan->stacks_len);
}

// Copies one stack page by page, so that a hole costs only what lies behind it.
static void copy_by_pages(struct plan *plan, size_t index)
{
	struct snapshot_thread *thread = &plan->threads[index];
	uint64_t sp = thread->regs[ARCH_REG_SP];
	size_t done = 0;

	while (done < thread->stack_len) {
		size_t len = PAGE - ((sp + done) & (PAGE - 1));
		if (len > thread->stack_len - done)
			len = thread->stack_len - done;
		ssize_t n = memory_read(thread->tid, plan->memory_fd, sp + done,
			plan->stacks + thread->stack_offset + done, len);
		if (n < 0 && done == 0)
			plan->rows[index].copy_errnum = (int)-n;
		if (n <= 0)
			break;
		done += (size_t)n;
		if ((size_t)n < len)
			break;
	}
	if (done < thread->stack_len) {
		thread->stack_len = done;
		thread->stack_cut = true;
	}
}

// Copies the stacks of COUNT threads, COPIER_BATCH at most, by one call; what that leaves, one by
// one.
static void copy_batch(struct plan *plan, const size_t *indices, size_t count)
{
	plan->at = indices[0];
	ssize_t n = copier_copy(plan, indices, count);
	size_t copied = n < 0 ? 0 : (size_t)n;
	for (size_t i = 0; i < count; i++) {
		const struct snapshot_thread *thread = &plan->threads[indices[i]];
		if (copied >= thread->stack_len) {
			copied -= thread->stack_len;
			continue;
		}
		copied = 0;
		plan->at = indices[i];
		copy_by_pages(plan, indices[i]);
	}
	copier_look(plan, indices, count);
}

// Copies the stack that a signal handler of thread INDEX, or Go, has left for the one that was
// copied, if there is one. That it is one is only what the target's memory says; what was copied is
// checked by who reads it.
static void copy_left(struct plan *plan, size_t index)
{
	struct snapshot_thread *thread = &plan->threads[index];
	struct plan_row *row = &plan->rows[index];
	uint64_t left = row->left_sp;

	thread->left_len = 0;
	if (thread->regs[ARCH_REG_SP] % 8 != 0 || row->copy_errnum != 0)
		return;
	size_t len = SIZE_MAX;
	if (left == 0 && gostack_is_go(plan->snapshot))
		left = gostack_find(plan, thread, &len);
	const struct snapshot_map *map = left ? snapshot_find_map(plan->snapshot, left) : NULL;
	if (!map || !map->writable)
		return;
	size_t room = plan->stacks_capacity - plan->stacks_len;
	if (len > map->end - left)
		len = map->end - left;
	if (len > plan->stack_max)
		len = plan->stack_max;
	if (len > row->left_room) { // of an earlier attempt
		row->left_room = len = len > room ? room : len;
		thread->left_offset = plan->stacks_len;
		plan->stacks_len += len;
	}
	ssize_t n = memory_read(
		thread->tid, plan->memory_fd, left, plan->stacks + thread->left_offset, len);
	if (n <= 0)
		return;
	thread->left_sp = left;
	thread->left_len = (size_t)n;
}

void stackcopy_take(struct plan *plan, const size_t *indices, size_t count, uint32_t copy_ms)
{
	size_t most = plan->one_by_one ? 1 : COPIER_BATCH;

	plan->copier = plan->one_by_one ? NULL : copier_begin(plan, indices, count);
	for (size_t i = 0; i < count; i += most) {
		plan_allow(plan, copy_ms);
		size_t batch = count - i < most ? count - i : most;
		if (!plan->copier || !copier_has_copied(plan->copier, i / most))
			copy_batch(plan, indices + i, batch);
		callcopy_take(plan, indices + i, batch);
		for (size_t j = i; j < i + batch; j++)
			copy_left(plan, indices[j]);
	}
}

void stackcopy_end(struct plan *plan)
{
	copier_end(plan->copier);
	plan->copier = NULL;
}
