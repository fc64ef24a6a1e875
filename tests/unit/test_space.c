// SPDX-License-Identifier: GPL-2.0-or-later
// Which memory is served, and which is not.
#include "space.h"

#include "self_snapshot.h"

// A pointer that is relocated and then write-protected (RELRO): the file has something else.
static int pointed_at;
static const void *const relocated[512] = {&pointed_at, &pointed_at};
static const uint64_t constant[2] = {UINT64_C(0x1122334455667788), 1};

static int read_word(struct space *space, const void *at, uint64_t *ret)
{
	return space_read_word(space, &space->snapshot->threads[0], (uint64_t)(uintptr_t)at, ret);
}

Test(space, only_what_cannot_have_changed)
{
	ucontext_t context;
	struct snapshot snapshot;
	struct space space;
	uint64_t value = 0;
	static uint64_t variable = 5;

	getcontext(&context);
	self_snapshot(&snapshot, &context, 4096);
	check_int(space_init(&space, &snapshot), 0);
	const struct snapshot_thread *thread = &snapshot.threads[0];
	check_int(read_word(&space, constant, &value), 0);
	check_u64(value, constant[0]);
	check_int(read_word(&space, &relocated[1], &value), -EFAULT);
	check_int(read_word(&space, &variable, &value), -EFAULT);
	check_int(read_word(&space, NULL, &value), -EFAULT);
	check_int(read_word(&space, (const void *)UINTPTR_MAX, &value), -EFAULT);

	uint64_t sp = thread->regs[ARCH_REG_SP];
	check_int(space_read_word(&space, thread, sp, &value), 0);
	check_u64(value, *(uint64_t *)snapshot.stacks);
	check_int(space_read_word(&space, thread, sp - 1, &value), -EFAULT);
	check_int(space_read_word(&space, thread, sp + thread->stack_len - 8, &value), 0);
	check_int(space_read_word(&space, thread, sp + thread->stack_len - 7, &value), -EFAULT);
	space_fini(&space);
	snapshot_fini(&snapshot);
	check_no_leak();
}
