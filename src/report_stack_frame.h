// SPDX-License-Identifier: GPL-2.0-or-later
// Frames for people.
#pragma once

#include "report_stack.h"

enum { REPORT_SHOWN_SIZE = 2048 }; // bytes shown of a path or name

// What stands before and behind things, on a terminal with colours.
struct style {
	const char *head, *name, *trouble, *end;
};

// Writes the frames of STACK, of REPORT, to OUT: one a line, numbered, innermost first.
void report_stack_frames(FILE *out, const struct stack_report *report, const struct stack *stack,
	const struct style *style);
