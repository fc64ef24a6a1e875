// SPDX-License-Identifier: GPL-2.0-or-later
// The process that captures. Reading a target's memory, and stopping its threads, may take as long
// as the target likes: so it is done by a helper that is killed when it does not come on. Its death
// ends every stop (see stop.h), and what it had finished is in the shared plan (see plan.h).
#pragma once

#include "error.h"
#include "plan.h"

// What is run.
struct helper_job {
	int (*work)(struct plan *plan);
	// NULL, or what is done here, once, while the first helper works, if there is one.
	void (*meanwhile)(void *arg);
	void *meanwhile_arg;
};

// Runs JOB's work with PLAN in a helper, until it returns 0; when it returns 1, in another one
// again. A helper that is late (plan_allow()) is killed, and another goes on, which reads one
// thread at a time and leaves out the one that the helper before it did not come past. Ends in any
// case at PLAN's deadline. *RET_PID is a helper that has done all and sleeps, for helper_end(), or
// 0: ending takes a process longer than many a capture. Fails with
// ERROR_SYSTEM when no helper could be started, or one failed; no process is left then.
int helper_run(struct plan *plan, const struct helper_job *job, pid_t *ret_pid, struct error *err);

// Has helper PID end. Accepts 0.
void helper_release(pid_t pid);

// The same, and waits until it is gone. Accepts 0.
void helper_end(pid_t pid);
