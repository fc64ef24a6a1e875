// SPDX-License-Identifier: GPL-2.0-or-later
// The process that captures. Reading a target's memory, and stopping its threads, may take as long
// as the target likes: so it is done by a helper that is killed when it does not come on. Its death
// ends every stop (see stop.h), and what it had finished is in the shared plan (see plan.h).
#pragma once

#include "error.h"
#include "plan.h"

// Runs WORK(PLAN) in a helper, until it returns 0; when it returns 1, in another one again. A
// helper that is late (plan_allow()) is killed, and another goes on, which reads one thread at a
// time and leaves out the one that the helper before it did not come past. Ends in any case at
// PLAN's deadline. Fails with ERROR_SYSTEM when no helper could be started, or one failed. No
// process is left.
int helper_run(struct plan *plan, int (*work)(struct plan *plan), struct error *err);
