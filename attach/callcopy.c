// SPDX-License-Identifier: GPL-2.0-or-later
// Copying arguments.
#include "callcopy.h"

#include "memory.h"

#include <asm/unistd.h>
#include <sys/uio.h>

enum {
	BATCH = 128, // regions copied by one call
	ALIGNMENT = 16,
};

// Regions that are to be copied, and of which thread each is.
struct batch {
	struct iovec local[BATCH], remote[BATCH];
	size_t threads[BATCH], args[BATCH];
	size_t count;
};

// Finds out which system call a restarted one is.
static void find_restarted(const struct plan *plan, struct snapshot_thread *thread)
{
	unsigned char code[CALL_CODE_LEN];
	uint64_t pc = thread->regs[ARCH_REG_PC];

	if (thread->syscall_nr == __NR_restart_syscall && pc >= sizeof(code) &&
		memory_read(thread->tid, plan->memory_fd, pc - sizeof(code), code, sizeof(code)) ==
			sizeof(code))
		thread->wait.restarts = call_restarted(code);
}

// Reserves LEN bytes for thread INDEX. Returns false when there is no room.
static bool reserve(struct plan *plan, size_t index, size_t len)
{
	struct plan_row *row = &plan->rows[index];

	if (row->call_room >= len) // of an earlier attempt
		return true;
	size_t offset = (plan->stacks_len + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (offset > plan->stacks_capacity || len > plan->stacks_capacity - offset)
		return false;
	size_t end = (offset + len + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	plan->threads[index].wait.offset = offset;
	// Nobody else's room, even if the helper is killed in between.
	__atomic_store_n(&plan->stacks_len,
		end < plan->stacks_capacity ? end : plan->stacks_capacity, __ATOMIC_RELEASE);
	row->call_room = len;
	return true;
}

// Copies the regions of BATCH, which have all of their bytes reserved. Where one cannot be copied
// whole, only what is there of it is kept.
static void copy(struct plan *plan, struct batch *batch)
{
	for (size_t done = 0; done < batch->count;) {
		size_t first = done;
		ssize_t n = process_vm_readv(plan->threads[batch->threads[first]].tid,
			batch->local + first, batch->count - first, batch->remote + first,
			batch->count - first, 0);
		size_t copied = n < 0 ? 0 : (size_t)n;
		while (done < batch->count && copied >= batch->local[done].iov_len)
			copied -= batch->local[done++].iov_len;
		if (done == batch->count)
			break;
		// By itself, and by the other way if this one is refused.
		struct snapshot_thread *thread = &plan->threads[batch->threads[done]];
		n = memory_read(thread->tid, plan->memory_fd,
			(uint64_t)(uintptr_t)batch->remote[done].iov_base,
			batch->local[done].iov_base, batch->local[done].iov_len);
		thread->wait.lens[batch->args[done]] = n < 0 ? 0 : (uint32_t)n;
		done++;
	}
	batch->count = 0;
}

// Adds what the arguments of thread INDEX point to, if there is room.
static void add(struct plan *plan, struct batch *batch, size_t index)
{
	struct snapshot_thread *thread = &plan->threads[index];
	struct call_region regions[CALL_ARGS];
	uint64_t nr = snapshot_call_nr(thread);
	size_t len = 0;

	for (size_t i = 0; i < CALL_ARGS; i++) {
		regions[i] = call_region_of(nr, thread->syscall_args, i);
		len += regions[i].len;
	}
	if (len == 0 || !reserve(plan, index, len))
		return;
	if (batch->count > BATCH - CALL_ARGS)
		copy(plan, batch);
	unsigned char *to = plan->stacks + thread->wait.offset;
	for (size_t i = 0; i < CALL_ARGS; i++) {
		if (regions[i].len == 0)
			continue;
		void *from = (void *)(uintptr_t)regions[i].addr; // the target's
		batch->local[batch->count] = (struct iovec){to, regions[i].len};
		batch->remote[batch->count] = (struct iovec){from, regions[i].len};
		batch->threads[batch->count] = index;
		batch->args[batch->count++] = i;
		thread->wait.lens[i] = (uint32_t)regions[i].len;
		to += regions[i].len;
	}
}

void callcopy_take(struct plan *plan, const size_t *indices, size_t count)
{
	struct batch batch;

	batch.count = 0;
	for (size_t i = 0; i < count; i++) {
		struct snapshot_thread *thread = &plan->threads[indices[i]];
		const size_t offset = thread->wait.offset;
		thread->wait = (struct context_wait){.offset = offset};
		if (!thread->in_syscall || plan->rows[indices[i]].copy_errnum != 0)
			continue;
		find_restarted(plan, thread);
		add(plan, &batch, indices[i]);
	}
	copy(plan, &batch);
}
