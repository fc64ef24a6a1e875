// SPDX-License-Identifier: GPL-2.0-or-later
// A TARGET of the command line: the process that it means, or all of its container, round by round.
//
// Theory of operation. What can be kept from round to round is: the process stays pinned, the
// container stays the same, and one worker takes all its processes in all rounds. Another TARGET
// has another worker, since one that a container has deceived may say anything of the next process
// that it is given.
#pragma once

#include "cmd_stack_options.h"
#include "inspect.h"
#include "stack_process.h"
#include "stack_save.h"
#include "target_word.h"
#include "targets.h"

struct stack_source {
	const char *word;
	const struct stack_options *options;
	struct inspect_options inspect;
	struct inspection *inspection;
	struct named_target named;    // that WORD means, or one of those
	const struct target *current; // whose files the worker may ask for
	struct members members;       // of its container, if all are wanted
	bool whole;                   // all processes of the container are wanted
	bool only;                    // nothing else is looked at, and only once
	bool opened, gone;            // whether it is open, and whether nothing is left of it
	struct error failure;         // why there is nothing to open, for its turn
};

// Makes what is to be taken of OPTIONS' TARGETs: a source for each, not opened yet, or one for each
// container of a pod. Into *RET, a new array of *RET_COUNT, whose rows are for
// stack_source_close(). Fails with -ENOMEM.
int stack_sources_make(
	const struct stack_options *options, struct stack_source **ret, size_t *ret_count);

// What was taken of a TARGET in one round.
struct stack_set {
	struct stack_process **processes;
	const struct stack_report **reports; // of these
	size_t count;
};

// Opens SOURCE, one of OPTIONS', which the caller must not move, for stack_source_close(). Fails
// like targets_open_one(), inspect_open(), named_target_members(); nothing is left open then.
int stack_source_open(
	struct stack_source *source, const struct stack_options *options, struct error *err);

// Takes the stacks of SOURCE in round ROUND into *RET, for stack_set_fini(), but for processes that
// are in one of the DONE_COUNT sets DONE already; SAVE, which may be NULL, gets them too. What is
// not there any more is said in a line. Returns the exit status; *ERR says why there is nothing.
int stack_source_take(struct stack_source *source, unsigned round, const struct stack_set *done,
	size_t done_count, struct stack_save *save, struct stack_set *ret, struct error *err);

// Has SOURCE's worker end, which takes it some time: for when there is something else to do. Only
// closing is left then. Accepts what stack_source_close() accepts.
void stack_source_release(struct stack_source *source);

// Ends SOURCE's worker, and waits for that. Accepts the same.
void stack_source_end(struct stack_source *source);

// Accepts one that is zeroed, but for its target.
void stack_source_close(struct stack_source *source);

// Accepts a zeroed one.
void stack_set_fini(struct stack_set *set);
