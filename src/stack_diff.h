// SPDX-License-Identifier: GPL-2.0-or-later
// What moved between two rounds.
#pragma once

#include "stack_groups.h"

enum stack_move {
	STACK_STAYED,
	STACK_CAME,    // it was not there before
	STACK_WENT,    // it is not there any more
	STACK_MOVED,   // its stack is another one
	STACK_RAN,     // its stack is the same, but it was on a CPU in between
	STACK_UNKNOWN, // in one of the rounds it could not be looked at
	STACK_MOVE_COUNT,
};

// The word for MOVE in the JSON output ("moved").
const char *stack_move_name(enum stack_move move);

// Where among the moves of a report for people MOVE is, from 0: what is short stands last; and
// whether it is shown there at all.
int stack_move_place(enum stack_move move);
bool stack_move_is_shown(enum stack_move move);

// The reports of two rounds of one container.
struct stack_pair {
	const struct stack_report *const *before, *const *after;
	size_t before_count, after_count;
};

// The report of PID among the COUNT REPORTS, or NULL.
const struct stack_report *stack_reports_find(
	const struct stack_report *const *reports, size_t count, pid_t pid);

// A thread in two rounds.
struct stack_diff_row {
	enum stack_move move;
	struct stack_ref before, after; // of CAME there is no before, of WENT no after
	size_t common;                  // MOVED: outer frames that both have
	uint64_t switches;              // how often it left its CPU in between; 0: not known
};

struct stack_diff {
	struct stack_diff_row *rows; // of processes, and in them threads, as they come
	size_t count;
	size_t by[STACK_MOVE_COUNT]; // how many there are of each
};

// Compares the rounds of PAIR into *RET. Threads are the same by their ids, and processes by
// theirs. Fails with -ENOMEM; *RET is then empty.
int stack_diff_make(const struct stack_pair *pair, struct stack_diff *ret);

// Accepts a zeroed one.
void stack_diff_fini(struct stack_diff *diff);

#define auto_diff __attribute__((cleanup(stack_diff_fini)))
