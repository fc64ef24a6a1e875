// SPDX-License-Identifier: GPL-2.0-or-later
// Taking a snapshot of a process.
//
// Theory of operation. Everything that can be done before is: the memory map is read, files are
// opened, what the policy needs is loaded, by a child meanwhile if that is worth it. A helper
// (helper.h) then captures the threads, in the ways and the order that the policy says (policy.h),
// into memory that is only ours and its. Afterwards it is seen whether the map still is so
// (samecode.h): when code came, went or moved meanwhile (dlopen, exec), the snapshot would be given
// wrong names, so it is taken again. Whoever goes on with a snapshot is told of it in pieces, as
// soon as they are there, so that nothing waits for what it does not need.
#pragma once

#include "error.h"
#include "helper.h"
#include "listener.h"
#include "policy.h"
#include "snapshot.h"
#include "target.h"
#include "taskiter.h"

struct capture_options {
	const struct policy *policy;
	const pid_t *tids; // only these threads; NULL: all
	size_t tid_count;
	const pid_t *whole; // those of which all registers are wanted, ascending
	size_t whole_count;
	uint32_t timeout_ms; // for the whole capture
	// Where stacks are copied to, page-aligned, the caller's, perhaps shared with a child of
	// its; NULL: memory that comes with the snapshot.
	unsigned char *room;
	size_t room_len;
	int room_file; // that it is a mapping of, from its beginning on; or negative
	const struct capture_listener *listener; // NULL: nobody
	// For all that are captured in turn, which spares making them for each; the caller's.
	struct taskiter_program *iterator;
	struct helper_room *helper_room;
};

// Takes a snapshot of TARGET. TARGET may turn to another of its threads for that, see
// target_follow(). Threads that could not be captured are rows that say why; *RET_MISSED says that
// there were more than could be listed. Fails with ERROR_TARGET (it is gone, a named thread is not
// its) or ERROR_SYSTEM; nothing is left then, and in no case is a thread left stopped or traced.
int capture_take(struct target *target, const struct capture_options *options, struct snapshot *ret,
	bool *ret_missed, struct error *err);
