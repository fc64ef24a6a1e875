// SPDX-License-Identifier: GPL-2.0-or-later
#include "copier.h"

#include "barethread.h"
#include "clock.h"
#include "cpus.h"
#include "leftstack.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

enum {
	MANY = 256, // stacks that are worth a thread
	STACK = 32 << 10,
	SPIN_US = 150, // that a batch takes
	PAUSE_US = 50,
	LOOKED_AT = 256 << 10, // bytes of a stack in which a signal frame is looked for
};

enum batch_state { BATCH_FREE, BATCH_TAKEN, BATCH_COPIED, BATCH_FAILED };

struct copier {
	struct plan *plan;
	const size_t *indices;
	size_t count;
	size_t used;            // of what PLAN lends, before
	int tid;                // 0: it has ended
	unsigned char states[]; // enum batch_state, of each batch
};

ssize_t copier_copy(const struct plan *plan, const size_t *indices, size_t count)
{
	struct iovec local[COPIER_BATCH], remote[COPIER_BATCH];

	for (size_t i = 0; i < count; i++) {
		const struct snapshot_thread *thread = &plan->threads[indices[i]];
		void *from = (void *)(uintptr_t)thread->regs[ARCH_REG_SP];
		local[i] = (struct iovec){plan->stacks + thread->stack_offset, thread->stack_len};
		remote[i] = (struct iovec){from, thread->stack_len};
	}
	return bare_call(SYS_process_vm_readv, plan->threads[indices[0]].tid, (long)local,
		(long)count, (long)remote, (long)count, 0);
}

void copier_look(const struct plan *plan, const size_t *indices, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct snapshot_thread *thread = &plan->threads[indices[i]];
		uint64_t sp = thread->regs[ARCH_REG_SP];
		size_t len = thread->stack_len < LOOKED_AT ? thread->stack_len : LOOKED_AT;
		plan->rows[indices[i]].left_sp =
			sp % 8 == 0 ? leftstack_find(plan->stacks + thread->stack_offset, len, sp)
				    : 0;
	}
}

// Takes BATCH, unless somebody else has.
static bool take(struct copier *copier, size_t batch)
{
	unsigned char before = BATCH_FREE;

	return __atomic_compare_exchange_n(&copier->states[batch], &before, BATCH_TAKEN, false,
		__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static enum batch_state state_of(const struct copier *copier, size_t batch)
{
	return __atomic_load_n(&copier->states[batch], __ATOMIC_ACQUIRE);
}

static size_t batches_of(size_t count)
{
	return (count + COPIER_BATCH - 1) / COPIER_BATCH;
}

// The thread.
static void copy_batches(void *arg)
{
	struct copier *copier = arg;
	const struct plan *plan = copier->plan;

	for (size_t batch = batches_of(copier->count); batch-- > 0 && take(copier, batch);) {
		const size_t *indices = copier->indices + batch * COPIER_BATCH;
		size_t count = copier->count - batch * COPIER_BATCH, wanted = 0;
		if (count > COPIER_BATCH)
			count = COPIER_BATCH;
		for (size_t i = 0; i < count; i++)
			wanted += plan->threads[indices[i]].stack_len;
		bool whole = copier_copy(plan, indices, count) == (ssize_t)wanted;
		if (whole)
			copier_look(plan, indices, count);
		__atomic_store_n(&copier->states[batch], whole ? BATCH_COPIED : BATCH_FAILED,
			__ATOMIC_RELEASE);
	}
}

struct copier *copier_begin(struct plan *plan, const size_t *indices, size_t count)
{
	size_t used = plan->borrowed.used;

	if (count < MANY || !cpus_are_several())
		return NULL;
	struct copier *copier = plan_borrow(plan, 1, sizeof(*copier) + batches_of(count));
	unsigned char *stack = plan_borrow(plan, 1, STACK);
	if (copier && stack) {
		// One by one: an assignment of all might write to the states behind them.
		copier->plan = plan;
		copier->indices = indices;
		copier->count = count;
		copier->used = used;
		if (bare_thread(copy_batches, copier, stack + STACK, &copier->tid) == 0) {
			pid_t tid = __atomic_load_n(&copier->tid, __ATOMIC_ACQUIRE);
			if (tid != 0)
				cpus_keep_off(tid);
			return copier;
		}
	}
	plan_give_back(plan, used);
	return NULL;
}

// Waits a moment for COPIER to come on, since BEGIN_US. After a while it must do so on our CPU: it
// may have got none yet, where others are busy. What kills the helper if it is late goes on.
static void wait_a_moment(const struct copier *copier, uint64_t begin_us)
{
	const struct timespec pause = {.tv_nsec = PAUSE_US * 1000L};
	pid_t tid = __atomic_load_n(&copier->tid, __ATOMIC_ACQUIRE);

	if (clock_now_us() < begin_us + SPIN_US)
		return; // who else wants our CPU would have it for milliseconds
	if (tid != 0)
		cpus_bring_here(tid);
	nanosleep(&pause, NULL);
}

bool copier_has_copied(struct copier *copier, size_t batch)
{
	const uint64_t begin_us = clock_now_us();

	if (take(copier, batch))
		return false;
	while (state_of(copier, batch) == BATCH_TAKEN)
		wait_a_moment(copier, begin_us);
	return state_of(copier, batch) == BATCH_COPIED;
}

void copier_end(struct copier *copier)
{
	const uint64_t begin_us = clock_now_us();

	if (!copier)
		return;
	while (__atomic_load_n(&copier->tid, __ATOMIC_ACQUIRE) != 0)
		wait_a_moment(copier, begin_us);
	plan_give_back(copier->plan, copier->used);
}
