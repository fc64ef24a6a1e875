// SPDX-License-Identifier: GPL-2.0-or-later
// An ELF file: opened, unwound through and named as a module that a thread is in. The last 512
// bytes of the input are the thread's stack as well.
#include "fuzz.h"
#include "symbols.h"
#include "unwind.h"

#include <stdlib.h>
#include <string.h>

enum { LEN_MAX = 256 << 10, STACK_LEN = 512, FRAMES_MAX = 32, PAGE = 4096, QUERIES = 24 };

static const uint64_t START = 0x10000000, STACK_AT = 0x7f0000000000;

static void name_all(struct space *space)
{
	struct module *module = space_module(space, 0);
	struct symbol_query queries[QUERIES] = {0};

	for (size_t i = 0; i < QUERIES; i++)
		queries[i].vaddr = i * 0x131 + (i > QUERIES / 2 ? module->entry : 0);
	for (size_t i = 1; i < QUERIES; i++)
		if (queries[i].vaddr < queries[i - 1].vaddr)
			queries[i].vaddr = queries[i - 1].vaddr;
	do
		symbols_resolve(module, queries, QUERIES);
	while (space_extend(space, 0));
	for (size_t i = 0; i < QUERIES; i++)
		if (queries[i].name)
			free(symbol_display_name(queries[i].name, false));
}

static void unwind_at(const struct unwinder *unwinder, struct space *space, uint64_t pc)
{
	struct snapshot_thread thread = {.status = SNAPSHOT_THREAD_CAPTURED,
		.regs_known = SNAPSHOT_ALL_REGS,
		.stack_len = space->snapshot->stacks_len};
	struct unwind_frame frames[FRAMES_MAX];
	struct stack_end end;
	size_t count;

	for (size_t i = 0; i < ARCH_REG_COUNT; i++)
		thread.regs[i] = STACK_AT + 8 * i;
	thread.regs[ARCH_REG_PC] = pc;
	thread.regs[ARCH_REG_SP] = STACK_AT;
	void *engine = unwinder->open(space);
	if (engine) {
		unwinder->unwind(engine, &thread, frames, FRAMES_MAX, &count, &end);
		unwinder->close(engine);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > LEN_MAX || len < STACK_LEN)
		return 0;
	unsigned char *image = malloc(len), *stack = malloc(STACK_LEN);
	if (!image || !stack)
		abort();
	memcpy(image, data, len);
	memcpy(stack, data + len - STACK_LEN, STACK_LEN);
	char path[] = "/file";
	struct snapshot_module module = {.path = path,
		.source = SNAPSHOT_SOURCE_MEMORY,
		.image = image,
		.image_len = len,
		.start = START,
		.end = START + ((len + PAGE - 1) & ~(size_t)(PAGE - 1))};
	struct snapshot_map map = {.start = module.start, .end = module.end, .executable = true};
	const struct snapshot snapshot = {.modules = &module,
		.module_count = 1,
		.maps = &map,
		.map_count = 1,
		.stacks = stack,
		.stacks_len = STACK_LEN};
	struct space space;
	if (space_init(&space, &snapshot) < 0)
		abort();
	name_all(&space);
	uint64_t entry = space_module(&space, 0)->entry;
	for (uint64_t i = 0; i < 4; i++) {
		unwind_at(&unwinder_rows, &space, START + i * 0x155);
		unwind_at(&unwinder_rows, &space, START + entry % (len + 1) + i * 7);
	}
	unwind_at(&unwinder_libdwfl, &space, START + entry % (len + 1));
	space_fini(&space);
	free(stack);
	free(image);
	return 0;
}
