// SPDX-License-Identifier: GPL-2.0-or-later
// What became of the goroutines of a process between two rounds, those that a thread ran included:
// one whose stack is not shown is not gone.
#pragma once

#include "stack_diff.h"

// What a goroutine did in a round.
enum goroutine_place {
	GOROUTINE_ABSENT, // it was not there
	GOROUTINE_PARKED, // its stack is there
	GOROUTINE_RAN,    // a thread ran it, or it ran while it was looked at
	GOROUTINE_UNSEEN, // there were too many
};

struct goroutine_side {
	enum goroutine_place place;
	const struct goroutine *row; // PARKED; else NULL
};

// A goroutine in two rounds. CAME and WENT are said of what also ran; MOVED and STAYED only of one
// that was parked in both, where its state and what it waits for count, too; RAN of one that was
// parked in one and ran in the other; UNKNOWN of all else. It may have run, and come back to where
// it was.
struct goroutine_diff_row {
	enum stack_move move;
	uint64_t id;
	struct goroutine_side before, after;
	size_t common; // MOVED: outer frames that both have
};

struct goroutine_diff {
	bool there;         // there are goroutines to compare, or would be but for the reason
	const char *reason; // why they are not compared; NULL: they are
	struct goroutine_diff_row *rows; // ascending by id
	size_t count;
	size_t by[STACK_MOVE_COUNT]; // how many there are of each
};

// Compares the goroutines of BEFORE with those of AFTER into *RET: rounds of one process, or NULL
// where it was not there. Both must outlive *RET. Fails with -ENOMEM; *RET is then empty.
int goroutine_diff_make(const struct stack_report *before, const struct stack_report *after,
	struct goroutine_diff *ret);

// Accepts a zeroed one.
void goroutine_diff_fini(struct goroutine_diff *diff);

#define auto_goroutine_diff __attribute__((cleanup(goroutine_diff_fini)))
