// SPDX-License-Identifier: GPL-2.0-or-later
// Taking a snapshot of a process.
//
// Theory of operation. Everything that can be done before the threads stop is: the memory map is
// read, files are opened, threads are listed, memory for the copies is made present. The stop
// itself runs in a child (see stop.h) that shares that memory, is killed at the deadline, and dies
// with nspeek. Afterwards the map is read again: when code came, went or moved meanwhile (dlopen,
// exec), the snapshot would be given wrong names, so it is taken again.
#pragma once

#include "error.h"
#include "snapshot.h"
#include "target.h"

struct capture_options {
	const pid_t *tids; // only these threads; NULL: all
	size_t tid_count;
	uint32_t timeout_ms; // for the whole capture
};

// Takes a snapshot of TARGET with all its threads stopped at one instant. TARGET may turn to
// another of its threads for that, see target_follow(). Threads that could not be captured are rows
// that say why. *RET_INCOMPLETE is set when there were more threads than could be listed. Fails
// with ERROR_TARGET (it is gone, a named thread is not its) or ERROR_SYSTEM; nothing is left then,
// and in no case is a thread left stopped or traced.
int capture_take(struct target *target, const struct capture_options *options, struct snapshot *ret,
	bool *ret_incomplete, struct error *err);
