// SPDX-License-Identifier: GPL-2.0-or-later
// Showing stacks by the options, and judging them.
#pragma once

#include "cmd_stack_options.h"
#include "report_stack_folded.h"
#include "stack_diff.h"
#include "target.h"

// The exit statuses of `nspeek stack`.
enum { EXIT_COMPLETE = 0, EXIT_INCOMPLETE = 1, EXIT_NONE = 2, EXIT_USAGE = 64 };

// What is shown of all.
struct stack_show {
	const struct stack_options *options;
	struct text_options text;
	struct folded folded; // of all reports so far
	bool any;             // a report was shown
	bool space;           // a blank line is wanted before the next
};

// What is to be shown by OPTIONS, which must outlive it.
struct stack_show stack_show_make(const struct stack_options *options);

// Begins what is shown.
void stack_show_begin(struct stack_show *show);

// Ends it, and releases SHOW. Fails with -ENOMEM.
int stack_show_end(struct stack_show *show);

// Shows that round ROUND begins now, if there are several.
void stack_show_round(struct stack_show *show, unsigned round);

// Shows the COUNT REPORTS, of one container, on stdout. Fails with -ENOMEM.
int stack_show_reports(
	struct stack_show *show, const struct stack_report *const *reports, size_t count);

// Shows what moved in PAIR. Fails with -ENOMEM.
int stack_show_moves(struct stack_show *show, const struct stack_pair *pair);

// The exit status for REPORT.
int stack_judge(const struct stack_report *report);

// True when nothing of what REPORT is about was there any more.
bool stack_is_gone(const struct stack_report *report);

// Says in ERR why REPORT has no stack at all, with a hint if TARGET, which may be NULL, tells one.
int stack_explain_none(
	const struct stack_report *report, const struct target *target, struct error *err);

// The status of all processes together, SUM of those before: all as one, else "some".
int stack_status_combine(int sum, int status, bool first);
