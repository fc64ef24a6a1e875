// SPDX-License-Identifier: GPL-2.0-or-later
// The process that captures.
//
// Theory of operation. Reading a target's memory, and stopping its threads, may take as long as the
// target likes: so it is done by a helper, a process of its own, which a timer kills when it does
// not come on (plan_allow()): a killed process leaves whatever it waits for. Its death ends every
// stop (see stop.h), and what it had finished is in the plan (see plan.h).
// The helper has its parent's memory, not a copy, and the parent sleeps until it has ended:
// copying page tables, and then a page fault for each page that either writes to, takes longer than
// many a capture. CLONE_VFORK is not needed for that, and would wake the parent twice, the second
// time on whatever CPU. The one signal handler that uses errno, which they share, is the helper's
// meanwhile (SIGALRM, progress.h). So a helper that is killed must not leave anything half changed
// that its parent uses but the plan: it allocates nothing by malloc(3), whose lists it could tear,
// but takes the plan's memory for that (plan_borrow()). It may have a thread (copier.h), of which
// the C library knows nothing, and which is killed with it: waitpid(2) returns when both are gone.
#pragma once

#include "error.h"
#include "plan.h"

#include <stdbool.h>
#include <stddef.h>

// What is run.
struct helper_job {
	// Here, before each helper.
	void (*prepare)(struct plan *plan);
	// In the helper. Returns 0, 1: another helper has to go on, or -errno.
	int (*work)(struct plan *plan);
};

// A helper's stack, and behind it what it borrows, kept from one capture to the next: mapping it
// anew took a tenth of capturing a process with one thread. Private, and no child has it but the
// helper (MADV_DONTFORK; where that is refused, it is not kept). What was read of one target is
// still there when the next one is captured.
struct helper_room {
	unsigned char *start; // NULL: there is none yet
	size_t len, borrowed_at;
	size_t dirty;  // bytes of what is borrowed that are not zero any more
	bool may_stay; // no child will have it
};

// Gives ROOM back. Accepts a zeroed one.
void helper_room_fini(struct helper_room *room);

// Runs JOB in ROOM, which it makes or makes larger if need be, with PLAN until its work returns 0.
// A helper that is late is killed, and another goes on, which reads one thread at a time and leaves
// out the one that the helper before it did not come past. Ends in any case at PLAN's deadline.
// Fails with ERROR_SYSTEM when no helper could be started, or one failed. No process is left in any
// case.
int helper_run(struct plan *plan, const struct helper_job *job, struct helper_room *room,
	struct error *err);
