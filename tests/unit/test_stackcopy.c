// SPDX-License-Identifier: GPL-2.0-or-later
// How much of a stack is copied.
#include "stackcopy.h"

#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

#define STACK UINT64_C(0x7000000)

enum { STACK_LEN = 0x20000, SP = 0x1e000, ROOM = 1 << 20, PAGE = 0x1000 };

static struct snapshot_map map = {STACK, STACK + STACK_LEN, 0, SNAPSHOT_NO_MODULE, true, false};
static struct snapshot snapshot = {.maps = &map, .map_count = 1};
static struct snapshot_thread thread;
static struct plan_row row;

// How many bytes are reserved for the stack of thread TID of process 1, whose stack pointer is at
// SP, when its thread pointer is at STACK + POINTER.
static size_t reserved(pid_t tid, uint64_t pointer)
{
	size_t index = 0;
	void *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct plan plan = {.pid = 1,
		.snapshot = &snapshot,
		.threads = &thread,
		.rows = &row,
		.thread_count = 1,
		.stack_max = ROOM,
		.stacks = room,
		.stacks_capacity = ROOM};

	check_true(room != MAP_FAILED);
	thread = (struct snapshot_thread){.tid = tid};
	thread.regs[ARCH_REG_SP] = STACK + SP;
	row = (struct plan_row){.thread_pointer = pointer ? STACK + pointer : 0};
	stackcopy_reserve(&plan, &index, 1);
	munmap(room, ROOM);
	check_false(thread.stack_cut);
	check_u64(plan.stacks_len, thread.stack_len);
	return thread.stack_len;
}

Test(stackcopy, ends_where_the_thread_is_described)
{
	check_u64(reserved(2, STACK_LEN - 0x900), STACK_LEN - 0x900 - SP);
	check_u64(reserved(2, STACK_LEN - PAGE), STACK_LEN - PAGE - SP);
	check_u64(reserved(2, STACK_LEN), STACK_LEN - SP);
}

Test(stackcopy, goes_to_the_end_of_the_mapping)
{
	// Unknown, too far below, at or below the stack pointer, elsewhere.
	check_u64(reserved(2, 0), STACK_LEN - SP);
	check_u64(reserved(2, STACK_LEN - PAGE - 8), STACK_LEN - SP);
	check_u64(reserved(2, SP), STACK_LEN - SP);
	check_u64(reserved(2, SP - 8), STACK_LEN - SP);
	check_u64(reserved(2, STACK_LEN + 8), STACK_LEN - SP);
	// The first thread's stack was made by no library.
	check_u64(reserved(1, STACK_LEN - 0x900), STACK_LEN - SP);
}
