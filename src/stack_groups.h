// SPDX-License-Identifier: GPL-2.0-or-later
// The threads of one or several processes, those with the same stack together.
#pragma once

#include "report_stack.h"

// A thread: its row in one of the reports.
struct stack_ref {
	uint32_t report, thread;
};

// Threads that are shown as one: refs [first, end).
struct stack_group {
	size_t first, end;
};

struct stack_groups {
	struct stack_ref *refs; // those of a group by report, then by thread
	size_t ref_count;
	struct stack_group *groups;
	size_t group_count;
};

// Groups the threads of the COUNT REPORTS into *RET. With MERGE, those with the same stack (stack_
// compare.h) are one group, and small groups come first: the odd ones are what one looks for.
// Without, each thread is one. Fails with -ENOMEM; *RET is then empty.
int stack_groups_make(const struct stack_report *const *reports, size_t count, bool merge,
	struct stack_groups *ret);

// Accepts a zeroed one.
void stack_groups_fini(struct stack_groups *groups);

#define auto_groups __attribute__((cleanup(stack_groups_fini)))
