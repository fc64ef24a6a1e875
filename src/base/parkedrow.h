// SPDX-License-Identifier: GPL-2.0-or-later
// The goroutines of a Go program that no thread runs, as they were copied: what it takes to unwind
// them, wherever. Addresses are the target's.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a goroutine does that no thread runs.
enum goroutine_state {
	GOROUTINE_RUNNABLE, // it could run, and waits for a thread
	GOROUTINE_WAITING,
	GOROUTINE_PREEMPTED, // the runtime has stopped it
	GOROUTINE_STATE_COUNT,
};

enum {
	GOROUTINE_WAIT_SIZE = 64,
	GOROUTINES_MAX = 10000,          // as many are shown at most
	GOROUTINES_LISTED_MAX = 1 << 16, // and looked at
	PARKED_REASON_SIZE = 200,
	PARKED_STACK_MAX = 64 << 10,  // bytes that are copied of one stack
	PARKED_STACKS_MAX = 64 << 20, // and of all
};

struct parked_row {
	uint64_t id;
	uint8_t state;                  // enum goroutine_state
	char wait[GOROUTINE_WAIT_SIZE]; // what for, in the runtime's words; empty: not known
	// Since about when it waits, by its CLOCK_MONOTONIC; 0: not known. Go's collector notes it
	// of those that it finds waiting, and it is the end of the collection before that one.
	uint64_t since_ns;
	uint64_t sp, pc, bp;
	size_t stack_offset, stack_len; // bytes in the stacks of all, from sp up
	bool stack_cut;                 // the stack goes on, the copy does not
};

// One that is there too, but whose stack is not: a thread ran it, or it has run while it was looked
// at; or there were too many.
struct parked_other {
	uint64_t id;
	bool ran;
};

struct parked {
	bool there;                      // the program has Go's runtime
	char reason[PARKED_REASON_SIZE]; // why they are not known; empty: they are
	uint64_t total;          // how many there are, those that are left out too; or UINT64_MAX
	struct parked_row *rows; // ascending by id
	size_t count;
	unsigned char *stacks; // of all rows
	size_t stacks_len;
	struct parked_other *others; // not kept
	size_t other_count;
	bool whole; // the rows and the others are all that there are; not kept
};

// Frees all that PARKED holds and leaves it empty. Accepts an empty one ({0}).
void parked_fini(struct parked *parked);
