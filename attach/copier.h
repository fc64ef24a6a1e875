// SPDX-License-Identifier: GPL-2.0-or-later
// Copying stacks in batches; many of them on another CPU too, by a second thread of the helper.
//
// Theory of operation. The helper and the copier, its thread, both take the next batch, and copy
// it, and look through it while it is in their CPU's cache. They only try: each writes to the
// places that were reserved for the stacks, and says how much of a batch is there; what is not
// whole the helper copies again, and finds out why. As a thread the copier dies with the helper,
// whoever kills that; and where no thread may be made, or no other CPU is free, the helper copies
// all by itself.
//
// Where the stacks' memory is a mapping of a file (memfile.h), a batch is a block of it: the stacks
// are read into a small buffer, which stays in the cache, and written to the file from there. So
// nobody has to make pages for the mapping, which takes longer than to copy them.
#pragma once

#include "plan.h"

#include <stdbool.h>

enum {
	COPIER_STACKS = 64,       // of a batch: more by one call gain nothing (measured)
	COPIER_BLOCK = 128 << 10, // bytes of a block of the file: larger pages are rarely at hand
};

struct copier;

// Copies what stackcopy_reserve() has reserved for the stacks of the threads INDICES of PLAN, in
// BATCHES, which are COUNT, each of COPIER_STACKS at most and, by file, in one block, or of one
// stack. Their rows' left_sp says what those that are whole have left (copier_look()). Returns when
// all are done. PLAN's kill_at_us is moved on, to COPY_MS from each batch. What it needs, it
// borrows of PLAN; the copier, if there is one, is PLAN's, until copier_end().
void copier_copy(struct plan *plan, const size_t *indices, struct copier_batch *batches,
	size_t count, uint32_t copy_ms);

// Waits until PLAN's copier, which has nothing to do any more, has ended, if there is one.
void copier_end(struct plan *plan);

// Looks through the copied stack of thread INDEX of PLAN, which is at STACK, for what a signal
// handler on an alternate stack has left (leftstack.h): its row's left_sp.
void copier_look(const struct plan *plan, size_t index, const unsigned char *stack);
