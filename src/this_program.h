// SPDX-License-Identifier: GPL-2.0-or-later
// What differs between the two programs that nspeek is made of: the one that has all libraries, and
// the one that starts at once and carries the other (handover.c).
#pragma once

#include "ns_report.h"
#include "report_list.h"
#include "report_stack.h"
#include "stateread.h"
#include "work.h"

#include <stdio.h>

struct ps_container;

// What writes the document of `stack --json`; see report_stack.h.
struct stack_json {
	void (*begin)(FILE *out);
	int (*process)(FILE *out, const struct stack_report *report, bool first);
	int (*diff)(FILE *out, const struct stack_pair *pair, bool first);
	void (*end)(FILE *out);
};

// The same of `ps --json`; see report_ps_json.h.
struct ps_json {
	void (*begin)(FILE *out);
	int (*container)(FILE *out, const struct ps_container *container, bool first);
	void (*end)(FILE *out);
};

// What needs the library that writes JSON, for each command that does.
struct program_json {
	struct stack_json stack;
	int (*list)(FILE *out, const struct list_rows *rows); // see report_list.h
	int (*ns)(FILE *out, const struct ns_report *report);
	struct ps_json ps;
};

struct this_program {
	// What the process of a worker does with its work. Returns the exit status.
	int (*live)(const struct work *work);
	// What the process that reads state files of runtimes does (stateread.h). Returns the exit
	// status.
	int (*read_state)(struct state_work *work);
	// NULL: this program cannot write JSON; become() is then the one that can.
	const struct program_json *json;
	// Becomes the program with all libraries, to run the command ARGV[0] with its words (it is
	// in the table of full_main.c). Returns the exit status if that fails.
	int (*become)(int argc, char **argv);
};

// The one of this program.
extern const struct this_program this_program;

// Who carries a program hands the work of a worker, or of who reads state files, to it by these
// entries of the auxiliary vector, which nobody else can set (getauxval(3)).
enum { PROGRAM_WORK = 0x6e73706b, PROGRAM_STATE_WORK = 0x6e73706c };
