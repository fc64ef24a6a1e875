// SPDX-License-Identifier: GPL-2.0-or-later
// How much of a stack is copied.
#include "stackcopy.h"

#include "copier.h"
#include "memfile.h"
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
		.stacks_capacity = ROOM,
		.stacks_file = -EBADF};

	check_true(room != MAP_FAILED);
	thread = (struct snapshot_thread){.tid = tid};
	thread.regs[ARCH_REG_SP] = STACK + SP;
	row = (struct plan_row){.thread_pointer = pointer ? STACK + pointer : 0};
	stackcopy_reserve(&plan, &index, 1, true); // there is no file
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

enum { COUNT = 300, LENT = 1 << 20, LARGEST = 3 * COPIER_BLOCK };

static unsigned char original[COUNT][LARGEST], lent[LENT];
static struct snapshot_thread many[COUNT];
static struct plan_row many_rows[COUNT];
static size_t indices[COUNT];

// Stacks of our own, each at the end of a mapping as LENS_COUNT LENS, by turns, say.
static struct plan plan_of(const size_t *lens, size_t lens_count, size_t capacity)
{
	static struct snapshot_map maps[COUNT];
	static struct snapshot own = {.maps = maps, .map_count = COUNT};

	for (size_t i = 0; i < COUNT; i++) {
		size_t len = lens[i % lens_count];
		uintptr_t sp = (uintptr_t)original[i];
		memset(original[i], (int)i % 255 + 1, sizeof(original[i]));
		maps[i] = (struct snapshot_map){sp, sp + len, 0, SNAPSHOT_NO_MODULE, true, false};
		many[i] = (struct snapshot_thread){.tid = getpid()};
		many[i].regs[ARCH_REG_SP] = sp;
		many_rows[i] = (struct plan_row){0};
		indices[i] = i;
	}
	int file = memfile_open_growing(capacity);
	if (file < 0)
		cannot_run("overcommitted memory");
	void *room =
		mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
	check_true(room != MAP_FAILED);
	return (struct plan){.pid = getpid(),
		.deadline_us = UINT64_MAX,
		.memory_fd = -EBADF,
		.snapshot = &own,
		.threads = many,
		.rows = many_rows,
		.thread_count = COUNT,
		.stack_max = LARGEST,
		.stacks = room,
		.stacks_capacity = capacity,
		.stacks_file = file,
		.borrowed = {lent, sizeof(lent), 0, sizeof(lent)}};
}

static void take_by_file(struct plan *plan)
{
	stackcopy_reserve(plan, indices, COUNT, true);
	check_true(plan->by_file);
	stackcopy_take(plan, indices, COUNT, 1000);
	stackcopy_finish(plan, indices, 1000);
	stackcopy_end(plan);
	check_true(plan->is_mapped);
	check_u64(plan->borrowed.used, 0);
}

// None crosses a block but what is larger than one, which has its blocks for itself; no more are in
// a block than are copied at once; all are apart, and there.
static void check_blocks(const struct plan *plan)
{
	size_t in_block = 0;

	for (size_t i = 0; i < COUNT; i++) {
		const struct snapshot_thread *its = &many[i], *last = &many[i > 0 ? i - 1 : 0];
		size_t first = its->stack_offset / COPIER_BLOCK;
		size_t end = (its->stack_offset + its->stack_len + COPIER_BLOCK - 1) / COPIER_BLOCK;
		bool is_new = i == 0 || first != last->stack_offset / COPIER_BLOCK;
		in_block = is_new ? 1 : in_block + 1;
		check_true(in_block <= COPIER_STACKS);
		check_true(!is_new || its->stack_offset % COPIER_BLOCK == 0);
		check_true(its->stack_len <= COPIER_BLOCK ? end <= first + 1 : is_new);
		check_true(i == 0 || its->stack_offset >= last->stack_offset + last->stack_len);
		check_true(i == 0 || last->stack_len <= COPIER_BLOCK || is_new);
		check_true(its->stack_offset + its->stack_len <= plan->stacks_len);
		check_true(
			memcmp(plan->stacks + its->stack_offset, original[i], its->stack_len) == 0);
		check_int(many_rows[i].copy_errnum, 0);
	}
	check_true(plan->stacks_len <= plan->stacks_capacity);
}

static void check_by_file(const size_t *lens, size_t lens_count)
{
	const size_t capacity = (size_t)COUNT * LARGEST;
	struct plan plan = plan_of(lens, lens_count, capacity);

	take_by_file(&plan);
	check_blocks(&plan);
	for (size_t i = 0; i < COUNT; i++) {
		check_false(many[i].stack_cut);
		check_u64(many[i].stack_len, lens[i % lens_count]);
	}
	// What is copied once more goes to the same place, through the mapping; nobody was told of
	// it.
	many[5].as_told = true;
	memset(original[5], 0xee, sizeof(original[5]));
	const size_t offset = many[5].stack_offset;
	stackcopy_reserve(&plan, indices + 5, 1, true);
	check_false(plan.by_file);
	stackcopy_take(&plan, indices + 5, 1, 1000);
	stackcopy_finish(&plan, indices + 5, 1000);
	stackcopy_end(&plan);
	check_u64(many[5].stack_offset, offset);
	check_false(many[5].as_told);
	check_blocks(&plan);
	munmap(plan.stacks, capacity);
	close(plan.stacks_file);
}

Test(stackcopy, by_file)
{
	const size_t blocked[] = {4160, 4000, 4320}, small[] = {8, 16, 24}, full[] = {COPIER_BLOCK};
	const size_t half[] = {COPIER_BLOCK / 2},
		     large[] = {LARGEST - 8, 100, COPIER_BLOCK + 8, 200};
	const size_t mixed[] = {8, COPIER_BLOCK - 8, COPIER_BLOCK, 64, COPIER_BLOCK + 8, 8};

	check_by_file(blocked, 3);
	check_by_file(small, 3);
	check_by_file(full, 1);
	check_by_file(half, 1);
	check_by_file(large, 4);
	check_by_file(mixed, 6);
}

// Side by side there is room for all of them; and nobody is read beside another one who may not
// come.
Test(stackcopy, not_by_file)
{
	const size_t lens[] = {COPIER_BLOCK / 2 + 8}, few[] = {1000};
	const size_t capacity = COUNT * lens[0];

	for (int round = 0; round < 2; round++) {
		struct plan plan = plan_of(round == 0 ? lens : few, 1, capacity);
		plan.one_by_one = round == 1;
		stackcopy_reserve(&plan, indices, COUNT, true);
		check_false(plan.by_file);
		stackcopy_take(&plan, indices, COUNT, 1000);
		check_true(!plan.copier || round == 0);
		stackcopy_finish(&plan, indices, 1000);
		stackcopy_end(&plan);
		for (size_t i = 0; i < COUNT; i++) {
			check_false(many[i].stack_cut);
			check_true(memcmp(plan.stacks + many[i].stack_offset, original[i],
					   many[i].stack_len) == 0);
		}
		munmap(plan.stacks, capacity);
		close(plan.stacks_file);
	}
}

// What is missing there is copied otherwise, as far as it is there.
Test(stackcopy, by_file_with_holes)
{
	const size_t lens[] = {4096};
	struct plan plan = plan_of(lens, 1, (size_t)COUNT * LARGEST);

	static struct snapshot_map nowhere[] = {{4096, 8192, 0, SNAPSHOT_NO_MODULE, true, false}};
	static struct snapshot none = {.maps = nowhere, .map_count = 1};
	plan.snapshot = &none; // then what is left of a page is a stack
	many[7].regs[ARCH_REG_SP] = 4096;
	take_by_file(&plan);
	for (size_t i = 0; i < COUNT; i++) {
		check_int(many_rows[i].copy_errnum, 0);
		check_int(many[i].stack_cut, i == 7);
		// What was behind the hole in its batch came late.
		check_int(many_rows[i].finished_late,
			i >= 7 && many[i].stack_offset / COPIER_BLOCK ==
					  many[7].stack_offset / COPIER_BLOCK);
		check_true(i == 7 ? many[i].stack_len == 0 : many[i].stack_len > 0);
		check_true(memcmp(plan.stacks + many[i].stack_offset, original[i],
				   many[i].stack_len) == 0);
	}
}
