// SPDX-License-Identifier: GPL-2.0-or-later
// What leads from stack to stack in a process that looks like Go's: this one.
#include "gostack.h"

#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

#define HEAP UINT64_C(0xc000000000)

enum {
	HEAP_LEN = 1 << 20,
	GOROUTINE = 0x100, // where it is in the heap
	LOW = 0x40000,     // the bounds of its stack
	HIGH = 0xc0000,
	CODE = 0x400000,
	STACK = 0x7000000,
	WORDS = 64,
	NOTED = 20, // the word of the stack where a call of C notes its distance
	DISTANCE = 0x1000,
};

static struct snapshot_map maps[3];
static struct snapshot snapshot;
static struct snapshot_thread thread;
static uint64_t words[WORDS];
static struct plan plan;

static uint64_t *heap_at(uint64_t offset)
{
	return (uint64_t *)(uintptr_t)(HEAP + offset);
}

// Returns false where there can be no memory for Go's heap (under a sanitizer).
static bool prepare(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

	if (mmap(heap_at(0), HEAP_LEN, PROT_READ | PROT_WRITE, flags, -1, 0) != heap_at(0))
		return false;
	maps[0] = (struct snapshot_map){CODE, CODE + 0x1000, 0, 0, false, true};
	maps[1] = (struct snapshot_map){STACK, STACK + 0x1000, 0, SNAPSHOT_NO_MODULE, true, false};
	maps[2] = (struct snapshot_map){HEAP, HEAP + HEAP_LEN, 0, SNAPSHOT_NO_MODULE, true, false};
	snapshot = (struct snapshot){.maps = maps, .map_count = 3};
	thread = (struct snapshot_thread){.tid = getpid(), .stack_len = sizeof(words)};
	thread.regs[ARCH_REG_SP] = STACK;
	plan = (struct plan){
		.snapshot = &snapshot, .memory_fd = -EBADF, .stacks = (unsigned char *)words};
	return true;
}

static uint64_t find(size_t *ret_len)
{
	*ret_len = 0;
	return gostack_find(&plan, &thread, ret_len);
}

Test(gostack, a_go_program)
{
	if (!prepare())
		cr_skip_test("the heap's place is taken");
	check_true(gostack_is_go(&snapshot));
	snapshot.map_count = 2;
	check_false(gostack_is_go(&snapshot));
	snapshot.map_count = 3;
	maps[2].module = 0; // a file there
	check_false(gostack_is_go(&snapshot));
}

static void note_call(void)
{
	words[NOTED - 6] = CODE + 0x10;
	words[NOTED] = DISTANCE;
	words[NOTED + 1] = HEAP + GOROUTINE;
	heap_at(GOROUTINE)[0] = HEAP + LOW;
	heap_at(GOROUTINE)[1] = HEAP + HIGH;
	heap_at(HIGH - DISTANCE)[0] = CODE + 0x20;
}

Test(gostack, by_a_call_of_c)
{
	size_t len;

	if (!prepare())
		cr_skip_test("the heap's place is taken");
	check_u64(find(&len), 0);
	note_call();
	uint64_t start = find(&len);
	check_u64(start + len, HEAP + HIGH);
	check_true(start >= HEAP + LOW && start <= HEAP + HIGH - DISTANCE);
	// A stack that is larger than what is copied of all.
	words[NOTED] = 0x70000;
	heap_at(HIGH - 0x70000)[0] = CODE + 0x20;
	start = find(&len);
	check_u64(start + len, HEAP + HIGH);
	check_true(start < HEAP + HIGH - 0x70000 && start >= HEAP + LOW);
}

Test(gostack, calls_of_c_that_are_none)
{
	static const struct {
		bool in_heap;
		size_t at;
		uint64_t value;
	} wrong[] = {
		{false, NOTED - 6, STACK},         // no return address near it
		{false, NOTED, DISTANCE + 1},      // no whole words
		{false, NOTED, HIGH - LOW + 8},    // beyond the stack
		{false, NOTED, UINT64_C(1) << 40}, // as large as no stack
		{false, NOTED, DISTANCE - 8},      // where no return address is
		{false, NOTED + 1, HEAP + GOROUTINE + 8},
		{false, NOTED + 1, HEAP + HEAP_LEN + 4096}, // not mapped
		{false, NOTED + 1, STACK},
		{true, GOROUTINE / 8, HEAP + HIGH}, // bounds that are none
		{true, GOROUTINE / 8 + 1, HEAP + LOW},
		{true, GOROUTINE / 8 + 1, UINT64_MAX - 7},
		{true, (HIGH - DISTANCE) / 8, STACK},
	};
	size_t len;

	if (!prepare())
		cr_skip_test("the heap's place is taken");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		note_call();
		uint64_t *at = wrong[i].in_heap ? heap_at(0) + wrong[i].at : &words[wrong[i].at];
		*at = wrong[i].value;
		cr_assert(find(&len) == 0, "wrong value %zu is taken", i);
	}
}

Test(gostack, by_a_frame_pointer)
{
	const uint64_t fp = HEAP + 0x20000;
	size_t len;

	if (!prepare())
		cr_skip_test("the heap's place is taken");
	words[9] = fp;
	check_u64(find(&len), 0); // no return address behind it
	heap_at(0x20008)[0] = CODE + 0x20;
	uint64_t start = find(&len);
	check_true(start != 0 && start < fp && fp - start <= 0x10000);
	check_u64(start + len, HEAP + HEAP_LEN);
	words[9] = fp + 4;
	check_u64(find(&len), 0);
	words[9] = 0;
	thread.regs[ARCH_REG_FP] = fp; // in the register, if that is known
	check_u64(find(&len), 0);
	thread.regs_known = UINT64_C(1) << ARCH_REG_FP;
	check_u64(find(&len), start);
}

Test(gostack, by_a_chain_of_frame_pointers)
{
	const uint64_t fp = HEAP + 0x20000;
	size_t len;

	if (!prepare())
		cr_skip_test("the heap's place is taken");
	heap_at(0x20008)[0] = heap_at(0x70008)[0] = CODE + 0x20;
	// Between the frames what a call has left that is over.
	words[6] = HEAP + 0x70000;
	words[7] = CODE + 0x30;
	words[4] = STACK + 9 * 8;
	words[5] = CODE + 0x40;
	words[9] = fp;
	words[10] = CODE + 0x50;
	check_u64(find(&len), HEAP + 0x6f000);
	thread.regs_known = UINT64_C(1) << ARCH_REG_FP;
	thread.regs[ARCH_REG_FP] = STACK + 4 * 8;
	check_u64(find(&len), fp - 0x1000);
	words[9] = STACK + 4 * 8; // a chain that does not end, and is given up
	check_u64(find(&len), HEAP + 0x6f000);
}

Test(gostack, from_a_stack_in_the_heap)
{
	const uint64_t fp = HEAP + 0x20000;
	size_t len;

	if (!prepare())
		cr_skip_test("the heap's place is taken");
	heap_at(0x20008)[0] = CODE + 0x20;
	thread.regs[ARCH_REG_SP] = HEAP + 0x80000;
	words[9] = fp; // any pointer
	check_u64(find(&len), 0);
	words[10] = CODE + 0x30; // saved below a return address
	uint64_t start = find(&len);
	check_true(start != 0 && start < fp);
	words[9] = HEAP + 0x80000 + 16; // on the copied stack
	check_u64(find(&len), 0);
}
