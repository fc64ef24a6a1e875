// SPDX-License-Identifier: GPL-2.0-or-later
// Policies: in which order the ways of capturing a thread are tried. One table of ways, one of
// policies (policy.c).
#pragma once

#include "plan.h"

enum { POLICY_WAYS_MAX = 8 };

struct policy {
	const char *name; // the word for --pause=
	bool completes;   // a thread whose unwinding lacks registers is captured anew, all of them
	const struct strategy *strategies[POLICY_WAYS_MAX]; // in their order, NULL behind the last
};

// The policy that NAME names, or NULL.
const struct policy *policy_find(const char *name);

// Policy number INDEX, or NULL behind the last; the first is the default.
const struct policy *policy_at(size_t index);

// Before anything is read of the process: begins what takes long of what PLAN's ways need.
void policy_begin(struct plan *plan);

// For helper_run(), before a helper is started: opens what PLAN's ways need. What cannot be had is
// left out then.
void policy_prepare(struct plan *plan);

// The same in a helper: captures what PLAN wants, going on where it stands. Returns 0 when all was
// tried, 1 when another helper has to go on, or -errno.
int policy_run(struct plan *plan);
