// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot of the test program itself, made without ptrace: what unwinding is tested on.
#pragma once

#include "cleanup.h"
#include "proc_maps.h"
#include "snapshot.h"
#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <ucontext.h>

enum { SELF_MODULES_MAX = 64, SELF_MAPS_MAX = 512 };

static inline int self_module(struct snapshot *snapshot, const struct proc_map *map)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)map->path_len, map->path);
	for (size_t i = 0; i < snapshot->module_count; i++)
		if (strcmp(snapshot->modules[i].path, path) == 0)
			return (int)i;
	if (snapshot->module_count == SELF_MODULES_MAX || path[0] != '/')
		return SNAPSHOT_NO_MODULE;
	struct snapshot_module *module = &snapshot->modules[snapshot->module_count];
	*module = (struct snapshot_module){
		.path = strdup(path), .start = map->start, .end = map->end};
	module->source = SNAPSHOT_SOURCE_MAP_FILES;
	module->fd = open(path, O_RDONLY | O_CLOEXEC);
	return (int)snapshot->module_count++;
}

// Fills the maps and modules of SNAPSHOT from /proc/self/maps.
static inline void self_maps(struct snapshot *snapshot)
{
	static char text[1 << 20];
	auto_fd int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	struct proc_map map;

	for (ssize_t n; (n = read(fd, text + len, sizeof(text) - len)) > 0;)
		len += (size_t)n;
	snapshot->maps = calloc(SELF_MAPS_MAX, sizeof(*snapshot->maps));
	snapshot->modules = calloc(SELF_MODULES_MAX, sizeof(*snapshot->modules));
	const char *cursor = text;
	while (proc_map_next(&cursor, text + len, &map) > 0 && snapshot->map_count < SELF_MAPS_MAX)
		snapshot->maps[snapshot->map_count++] = (struct snapshot_map){map.start, map.end,
			map.offset, self_module(snapshot, &map), map.writable, map.executable};
}

// The registers of CONTEXT, as far as getcontext(3) keeps them.
static inline void self_registers(struct snapshot_thread *thread, const ucontext_t *context)
{
#if defined(__x86_64__)
	static const int order[ARCH_REG_COUNT] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI,
		REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13,
		REG_R14, REG_R15, REG_RIP};
	for (int i = 0; i < ARCH_REG_COUNT; i++)
		thread->regs[i] = (uint64_t)context->uc_mcontext.gregs[order[i]];
#elif defined(__aarch64__)
	for (int i = 0; i < 31; i++)
		thread->regs[i] = context->uc_mcontext.regs[i];
	thread->regs[ARCH_REG_SP] = context->uc_mcontext.sp;
	thread->regs[ARCH_REG_PC] = context->uc_mcontext.pc;
#endif
	thread->regs_known = (UINT64_C(1) << ARCH_REG_COUNT) - 1;
}

// Fills SNAPSHOT with one thread: the caller, as it stands at CONTEXT, at most LEN bytes of its
// stack.
static inline void self_snapshot(struct snapshot *snapshot, const ucontext_t *context, size_t len)
{
	*snapshot = (struct snapshot){.pid = getpid()};
	self_maps(snapshot);
	snapshot->threads = calloc(1, sizeof(*snapshot->threads));
	snapshot->thread_count = 1;
	struct snapshot_thread *thread = &snapshot->threads[0];
	thread->tid = getpid();
	thread->status = SNAPSHOT_THREAD_CAPTURED;
	self_registers(thread, context);

	uint64_t sp = thread->regs[ARCH_REG_SP];
	const struct snapshot_map *map = snapshot_find_map(snapshot, sp);
	check_true(map != NULL);
	thread->stack_len = map->end - sp < len ? map->end - sp : len;
	thread->stack_cut = thread->stack_len == len;
	snapshot->stacks_len = thread->stack_len;
	snapshot->stacks = malloc(thread->stack_len + 1);
	// Not by memcpy(3): the address sanitizer knows what lies between the variables of a stack.
	auto_fd int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	check_int(pread(memory, snapshot->stacks, thread->stack_len, (off_t)sp), thread->stack_len);
}
