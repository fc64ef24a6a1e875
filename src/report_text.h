// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of the text for people share.
#pragma once

#include "report_stack.h"

enum { REPORT_SHOWN_SIZE = 2048 }; // bytes shown of a path or name

struct text_style {
	const char *head, *name, *trouble, *end;
};

struct text_report {
	FILE *out;
	const struct stack_report *report;
	const struct text_style *style;
	size_t *order;  // thread numbers; those of one group stand together
	uint64_t *hash; // of each thread's frames
};

// Writes the frames of STACK, and what was inlined into them: one a line, numbered, innermost
// first.
void report_text_frames(const struct text_report *text, const struct stack *stack);

// Writes the goroutines that no thread runs, or why they are not shown; with MERGE, those that wait
// for the same with equal frames as one block. Fails with -ENOMEM.
int report_text_goroutines(const struct text_report *text, bool merge);
