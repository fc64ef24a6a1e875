// SPDX-License-Identifier: GPL-2.0-or-later
// Which code is copied of a process whose compiler has made some: this one.
#include "codecopy.h"

#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 64, ROOM = 1 << 20, WORDS = 16 };

static char library[] = "/lib/x", doublemapper[] = "/memfd:doublemapper (deleted)",
	    zero[] = "/dev/zero (deleted)";
static unsigned char *code;
static struct snapshot_module module;
static struct snapshot_map maps[3];
static struct snapshot snapshot;
static struct snapshot_thread thread;
static struct snapshot_part parts[SNAPSHOT_PARTS_MAX];
static unsigned char room[ROOM];
static _Alignas(16) unsigned char lent[1 << 18];
static struct plan plan;

static uint64_t page_at(size_t number)
{
	return (uint64_t)(uintptr_t)code + number * PAGE;
}

static void put_word(size_t index, uint64_t value)
{
	memcpy(room + index * sizeof(value), &value, sizeof(value));
}

static void begin(void)
{
	code = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	check_true(code != MAP_FAILED);
	for (size_t i = 0; i < PAGES; i++)
		code[i * PAGE] = (unsigned char)i;
	maps[0] = (struct snapshot_map){0x1000, 0x2000, 0, SNAPSHOT_NO_MODULE, true, false};
	maps[1] = (struct snapshot_map){page_at(0), page_at(PAGES), 0, SNAPSHOT_NO_MODULE,
		.writable = true, .executable = true};
	maps[2] = (struct snapshot_map){UINT64_C(0xffffffffff600000), UINT64_C(0xffffffffff601000),
		0, SNAPSHOT_NO_MODULE, .executable = true};
	module = (struct snapshot_module){
		.path = library, .fd = -EBADF, .source = SNAPSHOT_SOURCE_MAP_FILES};
	snapshot = (struct snapshot){
		.maps = maps, .map_count = 3, .modules = &module, .module_count = 1};
	thread = (struct snapshot_thread){
		.status = SNAPSHOT_THREAD_CAPTURED, .stack_len = WORDS * 8};
	memset(room, 0, sizeof(room));
	plan = (struct plan){.pid = getpid(),
		.memory_fd = -EBADF,
		.borrowed = {lent, sizeof(lent), 0, sizeof(lent)},
		.snapshot = &snapshot,
		.threads = &thread,
		.thread_count = 1,
		.parts = parts,
		.stacks = room,
		.stacks_len = WORDS * 8,
		.stacks_capacity = sizeof(room)};
}

static void check_part(size_t index, size_t first, size_t end)
{
	check_true(index < plan.part_count);
	check_u64(parts[index].start, page_at(first));
	check_int(parts[index].len, (end - first) * PAGE);
	for (size_t i = first; i < end; i++)
		check_int(room[parts[index].offset + (i - first) * PAGE], i);
}

Test(codecopy, around_words_of_the_stack, .init = begin)
{
	check_true(codecopy_is_needed(&snapshot));
	put_word(3, page_at(20) + 5);
	put_word(4, page_at(23));
	put_word(7, page_at(PAGES) - 1);
	put_word(8, page_at(PAGES));
	thread.regs[ARCH_REG_PC] = page_at(1);
	codecopy_take(&plan);
	check_int(plan.part_count, 3);
	check_part(0, 0, 5);
	check_part(1, 17, 27);
	check_part(2, PAGES - 4, PAGES);
	plan.part_count = 0;
	codecopy_take(&plan); // not again
	check_int(plan.part_count, 0);
}

Test(codecopy, not_of_threads_that_were_not_captured, .init = begin)
{
	put_word(3, page_at(20));
	thread.status = SNAPSHOT_THREAD_GONE;
	codecopy_take(&plan);
	check_int(plan.part_count, 0);
}

Test(codecopy, a_page_that_is_missing, .init = begin)
{
	put_word(3, page_at(20));
	check_int(munmap(code + 18 * PAGE, PAGE), 0);
	codecopy_take(&plan);
	check_int(plan.part_count, 2);
	check_part(0, 17, 18);
	check_part(1, 19, 24);
}

Test(codecopy, no_room, .init = begin)
{
	put_word(3, page_at(20));
	plan.stacks_capacity = plan.stacks_len + 6 * PAGE;
	codecopy_take(&plan);
	check_int(plan.part_count, 0);
	check_int(plan.stacks_len, WORDS * 8);
}

Test(codecopy, code_of_files, .init = begin)
{
	maps[1].module = 0;
	check_false(codecopy_is_needed(&snapshot));
	module.path = doublemapper;
	check_true(codecopy_is_needed(&snapshot));
	module.path = zero;
	module.source = SNAPSHOT_SOURCE_NONE;
	check_true(codecopy_is_needed(&snapshot));
	snapshot.map_count = 1;
	check_false(codecopy_is_needed(&snapshot));
}
