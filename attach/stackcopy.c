// SPDX-License-Identifier: GPL-2.0-or-later
// Copying stacks.
#include "stackcopy.h"

#include "callcopy.h"
#include "copier.h"
#include "gostack.h"
#include "memory.h"
#include "sys.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

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

// Lets the mapping of PLAN's file be used, beyond what was written there.
static void map_all(struct plan *plan)
{
	if (plan->stacks_file >= 0 && !plan->is_mapped)
		plan->is_mapped = ftruncate(plan->stacks_file, (off_t)plan->stacks_capacity) == 0;
}

void stackcopy_make_present(struct plan *plan, size_t from, size_t to)
{
	map_all(plan);
	sys_populate(plan->stacks + from, to - from);
}

static size_t block_end(size_t at)
{
	return (at + COPIER_BLOCK - 1) & ~(size_t)(COPIER_BLOCK - 1);
}

// Reserves room for the stacks in blocks of PLAN's file: COPIER_STACKS at most in one, and none
// crosses its end, unless it is larger; then nothing else is in its blocks. Returns false, with
// nothing reserved, if there are not as many blocks.
static bool reserve_blocks(struct plan *plan, const size_t *indices, size_t count)
{
	const size_t capacity = plan->stacks_capacity & ~(size_t)(COPIER_BLOCK - 1);
	size_t at = 0, in_block = 0;

	for (size_t i = 0; i < count; i++) {
		struct snapshot_thread *thread = &plan->threads[indices[i]];
		struct plan_row *row = &plan->rows[indices[i]];
		row->copy_errnum = 0;
		thread->as_told = false;
		size_t len = wanted_len(plan, indices[i]);
		size_t most = len < plan->stack_max ? len : plan->stack_max;
		if (most > block_end(at) - at || in_block == COPIER_STACKS) {
			at = block_end(at);
			in_block = 0;
		}
		if (at >= capacity || most > capacity - at)
			return false;
		thread->stack_cut = len > most;
		thread->stack_len = most;
		thread->stack_offset = at;
		in_block++;
		at += most > 0 ? most : 1; // so that it is in its block
		if (most > COPIER_BLOCK)
			at = block_end(at);
	}
	// Nobody else's room, even if the helper is killed in between.
	__atomic_store_n(&plan->stacks_len, block_end(at), __ATOMIC_RELEASE);
	for (size_t i = 0; i < count; i++)
		plan->rows[indices[i]].room = plan->threads[indices[i]].stack_len;
	return true;
}

void stackcopy_reserve(struct plan *plan, const size_t *indices, size_t count, bool by_file)
{
	size_t before = plan->stacks_len;

	// Only what is behind its end gets large pages. And nobody is to lose room by the blocks'
	// gaps.
	plan->by_file = by_file && plan->stacks_file >= 0 && !plan->is_mapped && before == 0 &&
			!plan->one_by_one && reserve_blocks(plan, indices, count);
	if (plan->by_file)
		return;
	map_all(plan);
	for (size_t i = 0; i < count; i++) {
		struct snapshot_thread *thread = &plan->threads[indices[i]];
		struct plan_row *row = &plan->rows[indices[i]];
		row->copy_errnum = 0;
		thread->as_told = false;
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
		__atomic_store_n(
			&plan->stacks_len, plan->stacks_len + thread->stack_len, __ATOMIC_RELEASE);
		row->room = thread->stack_len;
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

// Copies what is not there of BATCH, one by one.
static void copy_rest(struct plan *plan, const size_t *indices, const struct copier_batch *batch)
{
	size_t copied = batch->copied;

	for (size_t i = batch->first; i < batch->first + batch->count; i++) {
		const struct snapshot_thread *thread = &plan->threads[indices[i]];
		bool is_empty = thread->stack_len == 0;
		bool is_whole = copied >= thread->stack_len && !is_empty;
		copied = is_whole || is_empty ? copied - thread->stack_len : 0;
		plan->rows[indices[i]].finished_late = !is_whole;
		if (!is_whole) {
			plan->at = indices[i];
			copy_by_pages(plan, indices[i]);
		}
		if (!is_whole || (plan->by_file && thread->stack_len > COPIER_BLOCK))
			copier_look(plan, indices[i], plan->stacks + thread->stack_offset);
	}
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
		len = len > room ? room : len;
		thread->left_offset = plan->stacks_len;
		__atomic_store_n(&plan->stacks_len, plan->stacks_len + len, __ATOMIC_RELEASE);
		row->left_room = len;
	}
	ssize_t n = memory_read(
		thread->tid, plan->memory_fd, left, plan->stacks + thread->left_offset, len);
	if (n <= 0)
		return;
	thread->left_sp = left;
	thread->left_len = (size_t)n;
	row->finished_late = true;
}

// How many of the COUNT threads INDICES are copied as a batch.
static size_t batch_of(const struct plan *plan, const size_t *indices, size_t count)
{
	const struct snapshot_thread *first = &plan->threads[indices[0]];
	size_t most = plan->one_by_one ? 1 : COPIER_STACKS, in_batch = 1;

	for (; in_batch < count && in_batch < most; in_batch++)
		if (plan->by_file && plan->threads[indices[in_batch]].stack_offset / COPIER_BLOCK !=
					     first->stack_offset / COPIER_BLOCK)
			break;
	return in_batch;
}

void stackcopy_take(struct plan *plan, const size_t *indices, size_t count, uint32_t copy_ms)
{
	struct copier_batch *batches;
	size_t batch_count = 0;

	plan->copying_from = plan->borrowed.used;
	batches = count == 1 ? &plan->batch : plan_borrow(plan, count, sizeof(*batches));
	plan->batches = batches;
	plan->batch_count = 0;
	if (!batches) {
		// No stack is there.
		for (size_t i = 0; i < count; i++)
			plan->rows[indices[i]].copy_errnum = ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i += batches[batch_count++].count)
		batches[batch_count] = (struct copier_batch){
			.first = i, .count = batch_of(plan, indices + i, count - i)};
	plan->batch_count = batch_count;
	copier_copy(plan, indices, batches, batch_count, copy_ms);
	map_all(plan);
}

void stackcopy_finish(struct plan *plan, const size_t *indices, uint32_t copy_ms)
{
	for (size_t i = 0; i < plan->batch_count; i++) {
		const struct copier_batch *batch = &plan->batches[i];
		const size_t *its = indices + batch->first;
		plan->at = its[0];
		plan_allow(plan, copy_ms);
		copy_rest(plan, indices, batch);
		callcopy_take(plan, its, batch->count);
		for (size_t j = 0; j < batch->count; j++)
			copy_left(plan, its[j]);
	}
}

void stackcopy_end(struct plan *plan)
{
	copier_end(plan);
	plan_give_back(plan, plan->copying_from);
}
