// SPDX-License-Identifier: GPL-2.0-or-later
// The worker's answers, checked against the snapshot they are about: it has read hostile files, so
// nothing that it says is taken for granted.
#pragma once

#include "snapshot.h"
#include "stacks.h"
#include "wire.h"

struct answers {
	const struct snapshot *snapshot;
	size_t max_frames;     // accepted of one stack
	bool keep;             // it was to say what is needed of files
	bool others;           // and what other goroutines there are
	struct stacks *stacks; // made by stacks_init() for the snapshot; filled
	size_t symbol_capacity, position_capacity, symbol_bytes;
	size_t copy_capacity, copied_capacity; // of goroutines, and of the bytes of their stacks
	size_t part_count;                     // of all files
	size_t taken;                          // records
};

// Takes RECORD, which wire_receive() found well-formed. Fails with -EPROTO when it is no answer,
// refers to what does not exist (a module, a name that was not sent, a thread that was not
// captured), or contradicts what was said before (a second end, a complete chain with a reason,
// more frames than may be, a comparison that nobody asked for or that cannot be of this stack,
// parts of a file that it does not have, a goroutine's copy that nobody asked for or not in its
// turn, other goroutines that nobody asked for, a second time since when one waits); with -ENOMEM.
// What was taken before stays.
int answers_take(struct answers *answers, const struct wire_record *record);

// Takes RECORD, of WIRE_POSITIONS; as answers_take(), which calls it. Refused are positions of a
// location that has some, names that were not sent, one of the function that the others are inlined
// into, and more of all than can be.
int answers_take_positions(struct answers *answers, const struct wire_record *record);

// True when each captured thread, and each goroutine, got its end, and each comparison that was
// asked for was made.
bool answers_are_whole(const struct answers *answers);

// Ends the answers: each captured thread that got no end, or no comparison that was asked for, has
// TROUBLE for its reason (a fixed one when TROUBLE is empty).
void answers_close(struct answers *answers, const char *trouble);
