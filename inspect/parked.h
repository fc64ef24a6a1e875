// SPDX-License-Identifier: GPL-2.0-or-later
// The goroutines of a Go program that no thread runs: they wait, or could run.
//
// Theory of operation. They are in no thread's stack, so they are read after the threads, while the
// program runs: first the list of all of them, then each, then the stacks of those that no thread
// runs, twice, and then each again. One that was at rest has the same words before and after, and
// its stack is the same twice; one that has run meanwhile is left out, and counted. That the list
// is the list, and a goroutine one, is seen from the whole: each entry must point to something that
// says that it is at this address, has a stack, a state that there is, and a number that no other
// has. Its registers are where the scheduler has put them.
#pragma once

#include "goruntime.h"
#include "space.h"
#include "stacks.h"

struct parked_row {
	uint64_t id;
	uint8_t state; // enum goroutine_state
	char wait[GOROUTINE_WAIT_SIZE];
	uint64_t sp, pc, bp;
	const unsigned char *stack; // from sp up
	size_t stack_len;
	bool stack_cut;
};

struct parked {
	bool there;                     // the program has Go's runtime
	char reason[STACK_REASON_SIZE]; // why they are not known; empty: they are
	uint64_t total;          // how many there are, those that are left out too; or UINT64_MAX
	struct parked_row *rows; // ascending by id
	size_t count;
	unsigned char *stacks; // of all rows
};

// Finds the goroutines of the process of SPACE that no thread runs, into *RET, whose rows and
// stacks are the caller's. Fails with -ENOMEM, or -errno when nspeek is not to be talked to any
// more.
int parked_find(struct parked *ret, struct space *space);

// The same by RUNTIME, what is known of the process's runtime.
int parked_read(struct parked *ret, struct space *space, const struct goruntime *runtime);

// Lets the stack of goroutine INDEX be read in SPACE, and returns it as a thread.
struct snapshot_thread parked_enter(const struct parked *parked, size_t index, struct space *space);
