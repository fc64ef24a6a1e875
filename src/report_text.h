// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of the reports for people share: where and how they write.
#pragma once

#include "report_stack.h"
#include "stack_groups.h"

// What begins and ends a coloured stretch; empty without colour.
struct text_style {
	const char *head, *name, *trouble, *end;
};

struct text {
	FILE *out;
	const char *prefix; // of each frame
	const struct text_style *style;
	size_t width; // columns that lists of threads may take
	const struct stack_report *const *reports;
	size_t report_count;
};

// What a report by OPTIONS about the COUNT REPORTS writes to and how.
struct text text_make(FILE *out, const struct text_options *options,
	const struct stack_report *const *reports, size_t count);

// Writes WORD of the target, escaped.
void text_put(const struct text *text, const char *word);

// Writes a plural's ending unless COUNT is one.
const char *text_plural(size_t count);

// Writes the line that says who a process is.
void text_put_identity(const struct text *text, const struct stack_report *report);

// Writes what stands above the stacks of a process: who it is, how it was captured, what is missing
// of its files.
void text_put_process(const struct text *text, const struct stack_report *report);

// Writes who the COUNT threads REFS are, by report and thread ascending: ids, shortened where there
// are more than fit, names, state and system call.
void text_put_threads(const struct text *text, const struct stack_ref *refs, size_t count);

// Writes how long the COUNT threads REFS have waited, the shortest and the longest, as far as it is
// known.
void text_put_waited(const struct text *text, const struct stack_ref *refs, size_t count);

// Writes the state of THREAD, and the system call that it is in.
void text_put_wait(const struct text *text, const struct snapshot_thread *thread);

// Frames of a stack: from FIRST to before END.
struct frame_range {
	size_t first, end;
};

// Writes the frames RANGE of the COUNT threads REFS, which have the same there, and what was
// inlined into them: one a line after PREFIX, numbered, innermost first. Addresses that differ
// between the threads are left out.
void text_put_frames(const struct text *text, const struct stack_ref *refs, size_t count,
	const struct frame_range *range, const char *prefix);

// Writes the frames RANGE of STACK, one of REPORT, in the same way.
void text_put_own_frames(const struct text *text, const struct stack_report *report,
	const struct stack *stack, const struct frame_range *range, const char *prefix);

// Writes, of the frames of STACK, one of REPORT, that another round has too, how many there are
// from number FIRST on, if any.
void text_put_same(const struct text *text, const struct stack_report *report,
	const struct stack *stack, size_t first);

enum { TEXT_COMMON_MAX = 3 }; // frames that two rounds have in common, shown below what differs

// Those to be shown of the COMMON outer ones of COUNT frames.
static inline struct frame_range text_common(size_t count, size_t common)
{
	size_t first = count - common;

	return (struct frame_range){
		first, first + (common < TEXT_COMMON_MAX ? common : TEXT_COMMON_MAX)};
}

// Writes what the COUNT threads REFS wait for; those that wait for the same once. Fails with
// -ENOMEM.
int text_put_context(const struct text *text, const struct stack_ref *refs, size_t count);

// Writes the goroutines of REPORT that no thread runs, or why they are not shown; with MERGE, those
// that wait for the same with equal frames as one block. Fails with -ENOMEM.
int text_put_goroutines(const struct text *text, const struct stack_report *report, bool merge);

// Writes what has moved of the goroutines of a process between BEFORE and AFTER, NULL where it was
// not there, and how many have not, if it has any; with MERGE, those that moved alike as one block.
// Fails with -ENOMEM.
int text_put_goroutine_moves(const struct text *text, const struct stack_report *before,
	const struct stack_report *after, bool merge);

enum { TEXT_IDS_MAX = 10 }; // shown of the goroutines of a block

// Writes that there are COUNT goroutines, with the first of their IDS.
void text_put_goroutine_ids(const struct text *text, const uint64_t *ids, size_t count);

// Whole minutes that goroutines have waited: the least and the most.
struct minutes {
	uint64_t least, most;
};

// Writes what goroutine ROW does, and for how long if that is MINUTES.
void text_put_goroutine_state(
	const struct text *text, const struct goroutine *row, const struct minutes *minutes);

// Writes how STACK, a goroutine's, ended, if not well.
void text_put_goroutine_end(const struct text *text, const struct stack *stack);

// Writes what is to be said of thread REF below its frames: how its stack ended, if not well.
void text_put_end(const struct text *text, struct stack_ref ref);

// The thread, and the stack, that REF is.
static inline const struct snapshot_thread *text_thread(
	const struct text *text, struct stack_ref ref)
{
	return &text->reports[ref.report]->snapshot->threads[ref.thread];
}

static inline const struct stack *text_stack(const struct text *text, struct stack_ref ref)
{
	return &text->reports[ref.report]->stacks->stacks[ref.thread];
}
