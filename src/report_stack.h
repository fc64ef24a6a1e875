// SPDX-License-Identifier: GPL-2.0-or-later
// Showing stacks. All strings of the target are escaped here, at the last moment.
#pragma once

#include "locks.h"
#include "snapshot.h"
#include "stacks.h"
#include "targets.h"

#include <stdio.h>

// Where a snapshot was kept.
struct stack_origin {
	const char *file, *host;
	uint64_t time_s; // since 1970
};

// One process, captured and inspected.
struct stack_report {
	const struct snapshot *snapshot;
	const struct stacks *stacks;
	const char *pause;                      // the policy in use
	bool threads_missed;                    // there were more threads than could be listed
	bool all_threads;                       // not only some that were asked for
	const struct locks *locks;              // that threads wait for; NULL: not known
	const struct stack_origin *origin;      // NULL: it was captured just now
	const struct container_name *container; // that it is in; NULL: in none, or not known
	unsigned round;                         // in which round, from 1
	uint64_t time_ms;                       // when it was captured, since 1970; 0: see origin
};

// How stacks are shown to people.
struct text_options {
	bool merge;   // threads with equal frames are one block
	bool color;   // with a terminal's colours
	size_t width; // of the terminal, in columns; 0: there is none
};

// False for thread INDEX if it has exited, or is none of the program's: there is no stack to miss.
bool stack_report_has_stack(const struct stack_report *report, size_t index);

// Why thread INDEX has no complete stack; empty when it has. Lives as long as REPORT or BUFFER.
const char *stack_report_reason(
	const struct stack_report *report, size_t index, char *buffer, size_t size);

// Why the task iterator was not there for REPORT; NULL when it was, empty when nobody asked for it.
const char *stack_report_no_iterator(const struct stack_report *report);

// True when the engines differ on the stack of thread INDEX.
bool stack_report_differs(const struct stack_report *report, size_t index);

// For about how many milliseconds ROW, a goroutine of REPORT, has waited, as Go itself would say it
// (parkedrow.h); UINT64_MAX: not known.
uint64_t stack_report_waited_ms(const struct stack_report *report, const struct goroutine *row);

// Writes the COUNT REPORTS, of one container, for people to OUT. Fails with -ENOMEM.
int report_stack_text(FILE *out, const struct stack_report *const *reports, size_t count,
	const struct text_options *options);

// Writes the document of `--json` to OUT: begin once, each process, end once. Memory stays small: a
// thread is written as soon as it is made. Fails with -ENOMEM.
void report_stack_json_begin(FILE *out);
int report_stack_json(FILE *out, const struct stack_report *report, bool first);
struct stack_pair;
// Instead of a process: what moved in PAIR (stack_diff.h). FIRST, if nothing was written before.
int report_diff_json(FILE *out, const struct stack_pair *pair, bool first);
void report_stack_json_end(FILE *out);
