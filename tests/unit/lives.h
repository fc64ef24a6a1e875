// SPDX-License-Identifier: GPL-2.0-or-later
// For inspect_options: how many workers there were.
#pragma once

#include "worker.h"

static int *lives; // shared with them

// Works, and counts itself.
static inline int count_and_live(const struct work *work)
{
	++*lives;
	return worker_live(work);
}
