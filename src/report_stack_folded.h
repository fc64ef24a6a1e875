// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks folded for flame graphs: a line for each different one, "thread;main;f;g COUNT".
#pragma once

#include "report_stack.h"

struct folded {
	struct folded_row *rows; // hash table
	size_t count, slot_count;
};

// The stack of thread INDEX of REPORT as a line without its count: the thread's name, then its
// frames, the outermost first, separated by semicolons; frames without a name are module+0xOFFSET,
// or 0xPC. Tools split the line at semicolons and at spaces, so names have ':' and '_' for those,
// and are escaped otherwise. A chain that does not reach the thread's beginning has [incomplete]
// for what is missing. Returns a new string that the caller owns, NULL (no memory).
char *folded_line(const struct stack_report *report, size_t index);

// Counts the threads of REPORT that have a stack into FOLDED, which is zeroed at first. Fails with
// -ENOMEM.
int folded_add(struct folded *folded, const struct stack_report *report);

// Writes the lines of FOLDED to OUT, in their order. Fails with -ENOMEM.
int folded_print(const struct folded *folded, FILE *out);

// Accepts a zeroed one.
void folded_fini(struct folded *folded);
