// SPDX-License-Identifier: GPL-2.0-or-later
// Showing why threads wait: the arguments of their system calls, the files and locks that they wait
// for, their stacks in the kernel. All strings of the target are escaped here, at the last moment.
#pragma once

#include "report_stack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

// The threads of one block of the text: ORDER[0] to ORDER[COUNT - 1] are their numbers.
struct context_group {
	const size_t *order;
	size_t count;
};

// Writes what GROUP's threads wait for to OUT, each line indented; those that wait for the same
// once.
void report_context_text(
	FILE *out, const struct stack_report *report, const struct context_group *group);

// Writes a line for each deadlock of REPORT, with BEFORE and AFTER around it.
void report_deadlocks_text(
	FILE *out, const struct stack_report *report, const char *before, const char *after);

// Writes a note when kernel stacks were asked for and are not there.
void report_kernel_text(FILE *out, const struct stack_report *report);

// The words of argument INDEX of THREAD's system call, escaped, in BUFFER of SIZE bytes. Returns
// NULL when the call has no such argument.
const char *report_argument(const struct snapshot *snapshot, const struct snapshot_thread *thread,
	size_t index, char *buffer, size_t size);
