// SPDX-License-Identifier: GPL-2.0-or-later
// Who is told of a snapshot while it is taken.
#pragma once

#include "snapshot.h"

struct capture_listener {
	// What was told before, if anything, is over: a snapshot is about to be taken, perhaps once
	// more. Only now may a process be started that parses what the target has: none of the
	// memory is there that the capture writes to and believes.
	void (*begin)(void *arg);
	// Of its modules and maps, before its threads are captured.
	void (*modules)(void *arg, const struct snapshot *snapshot);
	// Of many threads whose registers and stacks are there, and not yet proven to belong
	// together (snapshot_is_unproven()): what can be done beside the proof. Perhaps, and once.
	// In the helper: it may be killed over this, and it must not allocate. NULL: not told.
	void (*unproven)(void *arg, const struct snapshot *snapshot);
	// Of all, before it is certain that no code moved meanwhile. Those that were proven to be
	// as they were told before say so (as_told).
	void (*threads)(void *arg, const struct snapshot *snapshot);
	void *arg;
};
