// SPDX-License-Identifier: GPL-2.0-or-later
// Results: words, room and release.
#include "stacks.h"

#include "cleanup.h"
#include "hugepages.h"
#include "sys.h"

#include <string.h>

enum { MANY = 64 }; // stacks that are more than a page or two

const char *frame_via_name(enum frame_via via)
{
	static const char *const names[FRAME_VIA_COUNT] = {
		[FRAME_VIA_REGISTERS] = NULL,
		[FRAME_VIA_CFI] = "cfi",
		[FRAME_VIA_DEBUG] = "debug-frame",
		[FRAME_VIA_FORWARD] = "forward",
		[FRAME_VIA_FP] = "frame-pointer",
		[FRAME_VIA_SIGRETURN] = "sigreturn",
		[FRAME_VIA_RBP] = "rbp-recovered",
		[FRAME_VIA_GOPCLNTAB] = "gopclntab",
	};

	return names[via];
}

const char *stack_status_name(enum stack_status status)
{
	static const char *const names[STACK_STATUS_COUNT] = {
		[STACK_FAILED] = "failed",
		[STACK_PARTIAL] = "partial",
		[STACK_COMPLETE] = "complete",
	};

	return names[status];
}

const char *goroutine_state_name(enum goroutine_state state)
{
	static const char *const names[GOROUTINE_STATE_COUNT] = {
		[GOROUTINE_RUNNABLE] = "runnable",
		[GOROUTINE_WAITING] = "waiting",
		[GOROUTINE_PREEMPTED] = "preempted",
	};

	return names[state];
}

const char *stack_verify_name(enum stack_verify_result result)
{
	static const char *const names[STACK_VERIFY_COUNT] = {
		[STACK_VERIFY_PARTLY] = "partly",
		[STACK_VERIFY_SAME] = "same",
		[STACK_VERIFY_DIFFERS] = "differs",
	};

	return names[result];
}

const char *stack_sandbox_name(enum sandbox_kind kind)
{
	static const char *const names[SANDBOX_KINDS] = {
		[SANDBOX_FILTER] = "filter",
		[SANDBOX_NAMESPACES] = "namespaces",
		[SANDBOX_BARE] = "none",
	};

	return names[kind];
}

const char *stack_sandbox_note(enum sandbox_kind kind)
{
	static const char *const notes[SANDBOX_KINDS] = {
		[SANDBOX_NAMESPACES] = "system calls of the unwinding process could not be "
				       "filtered (seccomp): it was held by namespaces",
		[SANDBOX_BARE] = "system calls of the unwinding process could not be filtered "
				 "(seccomp), nor could it have namespaces: it had no capabilities",
	};

	return notes[kind];
}

int stacks_init(struct stacks *stacks, size_t stack_count, size_t module_count)
{
	*stacks = (struct stacks){.stack_count = stack_count, .module_count = module_count};
	stacks->stacks =
		hugepages_calloc(stack_count + 1, sizeof(*stacks->stacks), &stacks->stacks_mapped);
	stacks->modules = calloc(module_count + 1, sizeof(*stacks->modules));
	if (!stacks->stacks || !stacks->modules) {
		stacks->stack_count = 0;
		stacks_fini(stacks);
		return -ENOMEM;
	}
	if (stack_count >= MANY) // whoever waits for them has the time
		sys_populate_private(stacks->stacks, (stack_count + 1) * sizeof(*stacks->stacks));
	return 0;
}

int stacks_add_verifies(struct stacks *stacks)
{
	stacks->verifies = calloc(stacks->stack_count + 1, sizeof(*stacks->verifies));
	return stacks->verifies ? 0 : -ENOMEM;
}

void stacks_fini(struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->stack_count; i++)
		if (!stacks->stacks[i].shared)
			free(stacks->stacks[i].frames);
	for (size_t i = 0; i < stacks->symbol_count; i++)
		free(stacks->symbols[i].name);
	for (size_t i = 0; stacks->modules && i < stacks->module_count; i++)
		file_parts_fini(&stacks->modules[i].needed);
	debug_files_fini(&stacks->debugs, &stacks->debug_count);
	for (size_t i = 0; i < stacks->goroutines.row_count; i++)
		if (!stacks->goroutines.rows[i].stack.shared)
			free(stacks->goroutines.rows[i].stack.frames);
	free(stacks->goroutines.rows);
	free(stacks->goroutines.others);
	parked_fini(&stacks->goroutines.copies);
	hugepages_free(stacks->stacks, stacks->stacks_mapped);
	free(stacks->verifies);
	free(stacks->symbols);
	free(stacks->positions);
	free(stacks->locations);
	free(stacks->modules);
	memset(stacks, 0, sizeof(*stacks));
}
