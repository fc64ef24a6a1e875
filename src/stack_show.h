// SPDX-License-Identifier: GPL-2.0-or-later
// Showing one process's stacks by the options, and judging them.
#pragma once

#include "cmd_stack_options.h"
#include "report_stack.h"
#include "target.h"

// The exit statuses of `nspeek stack`.
enum { EXIT_COMPLETE = 0, EXIT_INCOMPLETE = 1, EXIT_NONE = 2, EXIT_USAGE = 64 };

// Prints REPORT on stdout; *FIRST is set when nothing was printed before, and cleared. Returns the
// exit status; *ERR says why there is no stack at all, with a hint if TARGET, which may be NULL,
// tells one.
int stack_show(const struct stack_options *options, const struct stack_report *report,
	const struct target *target, bool *first, struct error *err);

// The status of all processes together, SUM of those before: all as one, else "some".
int stack_status_combine(int sum, int status, bool first);
