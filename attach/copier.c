// SPDX-License-Identifier: GPL-2.0-or-later
#include "copier.h"

#include "barethread.h"
#include "clock.h"
#include "cpus.h"
#include "leftstack.h"
#include "sys.h"

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

struct copier {
	struct plan *plan;
	const size_t *indices;
	struct copier_batch *batches;
	size_t count;
	size_t next;           // batch that nobody has taken
	unsigned char *buffer; // of the thread; NULL: not by file
	int tid;               // 0: it has ended
};

void copier_look(const struct plan *plan, size_t index, const unsigned char *stack)
{
	const struct snapshot_thread *thread = &plan->threads[index];
	uint64_t sp = thread->regs[ARCH_REG_SP];
	size_t len = thread->stack_len < LOOKED_AT ? thread->stack_len : LOOKED_AT;

	plan->rows[index].left_sp = sp % 8 == 0 ? leftstack_find(stack, len, sp) : 0;
}

// Writes the block BUFFER to where AT is in the stacks of PLAN. Returns false when that failed.
static bool write_block(const struct plan *plan, const unsigned char *buffer, size_t at)
{
	return bare_call(SYS_pwrite64, plan->stacks_file, (long)buffer, COPIER_BLOCK, (long)at, 0,
		       0) == COPIER_BLOCK;
}

static long read_from(
	pid_t tid, const struct iovec *local, const struct iovec *remote, size_t count)
{
	return bare_call(
		SYS_process_vm_readv, tid, (long)local, (long)count, (long)remote, (long)count, 0);
}

// Copies the stack of thread INDEX, which is larger than a block, to the file. Returns how much.
static size_t copy_large(const struct plan *plan, unsigned char *buffer, size_t index)
{
	const struct snapshot_thread *thread = &plan->threads[index];
	size_t done = 0;

	while (done < thread->stack_len) {
		size_t left = thread->stack_len - done;
		struct iovec local = {buffer, left < COPIER_BLOCK ? left : COPIER_BLOCK};
		struct iovec remote = {
			(void *)(uintptr_t)(thread->regs[ARCH_REG_SP] + done), local.iov_len};
		if (read_from(thread->tid, &local, &remote, 1) != (long)local.iov_len ||
			!write_block(plan, buffer, thread->stack_offset + done))
			break;
		done += local.iov_len;
	}
	return done;
}

// Copies the stacks of the COUNT threads INDICES, by way of BUFFER if they are written to a file.
// Returns how many bytes, of one stack after the other.
static size_t copy(
	const struct plan *plan, unsigned char *buffer, const size_t *indices, size_t count)
{
	const struct snapshot_thread *first = &plan->threads[indices[0]];
	struct iovec local[COPIER_STACKS], remote[COPIER_STACKS];

	if (buffer && first->stack_len > COPIER_BLOCK)
		return copy_large(plan, buffer, indices[0]);
	unsigned char *to = buffer ? buffer : plan->stacks + first->stack_offset;
	for (size_t i = 0; i < count; i++) {
		const struct snapshot_thread *thread = &plan->threads[indices[i]];
		ptrdiff_t at = (ptrdiff_t)(thread->stack_offset - first->stack_offset);
		void *from = (void *)(uintptr_t)thread->regs[ARCH_REG_SP];
		local[i] = (struct iovec){to + at, thread->stack_len};
		remote[i] = (struct iovec){from, thread->stack_len};
	}
	long n = read_from(first->tid, local, remote, count);
	if (n <= 0 || (buffer && !write_block(plan, buffer, first->stack_offset)))
		return 0;
	size_t left = (size_t)n;
	for (size_t i = 0; i < count && left >= local[i].iov_len; i++) {
		copier_look(plan, indices[i], local[i].iov_base);
		left -= local[i].iov_len;
	}
	return (size_t)n;
}

// The next batch of COPIER, which nobody else takes then; NULL: there is none any more.
static struct copier_batch *take_next(struct copier *copier)
{
	size_t next = __atomic_fetch_add(&copier->next, 1, __ATOMIC_RELAXED);

	return next < copier->count ? &copier->batches[next] : NULL;
}

static void copy_batch(
	const struct copier *copier, unsigned char *buffer, struct copier_batch *batch)
{
	batch->copied = copy(copier->plan, buffer, copier->indices + batch->first, batch->count);
	__atomic_store_n(&batch->done, true, __ATOMIC_RELEASE);
}

// The thread.
static void copy_batches(void *arg)
{
	struct copier *copier = arg;
	struct copier_batch *batch;

	while ((batch = take_next(copier)))
		copy_batch(copier, copier->buffer, batch);
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

// A buffer for a block, or NULL where PLAN's stacks are not written to a file, or there is no room.
static unsigned char *make_buffer(struct plan *plan)
{
	unsigned char *buffer = plan->by_file ? plan_borrow(plan, 1, COPIER_BLOCK) : NULL;

	if (buffer)
		sys_populate_private(buffer, COPIER_BLOCK);
	return buffer;
}

// Starts a thread for the work of ALONE, which is then PLAN's copier's, if it can be. Returns whose
// it is.
static struct copier *start(struct plan *plan, struct copier *alone)
{
	size_t used = plan->borrowed.used;
	struct copier *copier = plan_borrow(plan, 1, sizeof(*copier));
	unsigned char *stack = plan_borrow(plan, 1, STACK);
	unsigned char *buffer = make_buffer(plan);

	if (copier && stack && (buffer || !plan->by_file)) {
		*copier = *alone;
		copier->buffer = buffer;
		if (bare_thread(copy_batches, copier, stack + STACK, &copier->tid) == 0) {
			pid_t tid = __atomic_load_n(&copier->tid, __ATOMIC_ACQUIRE);
			if (tid != 0)
				cpus_keep_off(tid);
			return plan->copier = copier;
		}
	}
	plan_give_back(plan, used);
	return alone;
}

void copier_copy(struct plan *plan, const size_t *indices, struct copier_batch *batches,
	size_t count, uint32_t copy_ms)
{
	struct copier alone = {plan, indices, batches, count, 0, NULL, 0};
	struct copier *copier = &alone;
	unsigned char *buffer = make_buffer(plan);
	size_t stacks = 0;

	plan->copier = NULL; // that of a helper that was killed
	if (plan->by_file && !buffer)
		return; // nothing is copied
	for (size_t i = 0; i < count; i++)
		stacks += batches[i].count;
	if (stacks >= MANY && !plan->one_by_one && cpus_are_several())
		copier = start(plan, &alone);
	for (struct copier_batch *batch; (batch = take_next(copier));) {
		plan->at = indices[batch->first];
		plan_allow(plan, copy_ms);
		copy_batch(copier, buffer, batch);
	}
	const uint64_t begin_us = clock_now_us();
	for (size_t i = 0; i < count; i++)
		while (!__atomic_load_n(&batches[i].done, __ATOMIC_ACQUIRE))
			wait_a_moment(copier, begin_us);
}

void copier_end(struct plan *plan)
{
	const uint64_t begin_us = clock_now_us();
	struct copier *copier = plan->copier;

	while (copier && __atomic_load_n(&copier->tid, __ATOMIC_ACQUIRE) != 0)
		wait_a_moment(copier, begin_us);
	plan->copier = NULL;
}
