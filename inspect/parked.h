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
#include "parkedrow.h"
#include "space.h"

// Finds the goroutines of the process of SPACE that no thread runs, into *RET, for
// parked_fini(). Fails with -ENOMEM, or -errno when nspeek is not to be talked to any
// more.
int parked_find(struct parked *ret, struct space *space);

// The same by RUNTIME, what is known of the process's runtime.
int parked_read(struct parked *ret, struct space *space, const struct goruntime *runtime);

// Lets the stack of goroutine INDEX be read in SPACE, and returns it as a thread.
struct snapshot_thread parked_enter(const struct parked *parked, size_t index, struct space *space);
