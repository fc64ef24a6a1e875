// SPDX-License-Identifier: GPL-2.0-or-later
// Finding out what threads wait for, when they have been captured.
//
// Theory of operation. What a system call's arguments point to was copied with the stack
// (callcopy.h). What /proc says of the files that they name is read afterwards, by a child, while
// the parent has the stacks unwound: it may take as long as the target likes (an epoll instance
// whose lock is held), so the child has a deadline; what it has by then is taken. In this order:
//  1. the files that each thread waits for; threads that wait for the same are described once;
//  2. whether the thread still is in the same system call, at the same place: if it is not, its
//     files may be others by now, and are dropped;
//  3. addresses of sockets, then who is at the other end, by inodes, which are not used again while
//     the files are open. For several processes /proc is gone through once a round (fdindex.h);
//  4. how long threads have waited, which may take it to a CPU that others keep busy.
// Where no thread needs any of it, no child is made. What an epoll instance watches is told under
// its lock, which a hostile target can hold: that is looked out for (a thread in a call of epoll
// that does not wait for events), and a child that waits for it all the same is left behind, to die
// when the lock is released.
#pragma once

#include "snapshot.h"
#include "target.h"
#include "waited_clocks.h"

struct context_task;

struct context_options {
	int index_fd;        // of a file for the round's fdindex.h, or negative
	bool kernel;         // kernel stacks, and the processor time that threads have used
	bool waits;          // how long threads have waited of which that is not known (waited.h)
	uint32_t timeout_ms; // at most
	struct waited_clocks *clocks; // the caller's: clocks that were seen are noted there
};

// Starts what SNAPSHOT, of TARGET, needs, for context_task_finish(); both must outlive it. Returns
// NULL when it needs nothing, or no child could be made.
struct context_task *context_task_start(const struct target *target,
	const struct snapshot *snapshot, const struct context_options *options);

// Waits for TASK, takes what it has found into SNAPSHOT, unless that is NULL, and ends it. No
// process is left, but one that the kernel does not let go yet: it does nothing more but die.
// Accepts NULL.
void context_task_finish(struct context_task *task, struct snapshot *snapshot);
