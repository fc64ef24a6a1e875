// SPDX-License-Identifier: GPL-2.0-or-later
// What differs between the programs that take stacks: the one that has all libraries, and the one
// that starts at once and carries the other (handover.c).
#pragma once

#include "report_stack.h"
#include "work.h"

#include <stdio.h>

// JSON needs a library.
struct stack_json {
	void (*begin)(FILE *out);
	int (*process)(FILE *out, const struct stack_report *report, bool first);
	int (*diff)(FILE *out, const struct stack_pair *pair, bool first);
	void (*end)(FILE *out);
};

struct stack_program {
	// What the process of a worker does with its work. Returns the exit status.
	int (*live)(const struct work *work);
	// NULL: this program cannot write JSON; become() is then the one that can.
	const struct stack_json *json;
	// Becomes the program with all libraries. Returns the exit status if that fails.
	int (*become)(int argc, char **argv);
};

// The one of this program.
extern const struct stack_program stack_program;

// Who carries a program hands a worker's work to it by this entry of the auxiliary vector, which
// nobody else can set (getauxval(3)).
enum { STACK_PROGRAM_WORK = 0x6e73706b };
