// SPDX-License-Identifier: GPL-2.0-or-later
// A thread of the helper, on another CPU, that copies stacks too, where there are many.
//
// Theory of operation. The stacks are cut into batches. The helper comes from the first one, the
// copier from the last, and whoever takes a batch first copies it, and looks through it. The copier
// only tries: it writes to the places that were reserved for the stacks, and says of a batch that
// it is whole; what it could not copy as a whole, the helper copies again, and finds out why. As a
// thread it dies with the helper, whoever kills that; and where no thread may be made, or no other
// CPU is free, the helper copies all by itself.
#pragma once

#include "plan.h"

#include <stdbool.h>

enum { COPIER_BATCH = 64 }; // stacks copied by one call: more gain nothing (measured)

struct copier;

// Starts a thread that copies what stackcopy_reserve() has reserved for the stacks of the COUNT
// threads INDICES of PLAN, in batches of COPIER_BATCH from the last one. Returns NULL if that is
// not worth it, or cannot be done. What it needs, it borrows of PLAN, until copier_end().
struct copier *copier_begin(struct plan *plan, const size_t *indices, size_t count);

// Takes batch BATCH from COPIER. Returns whether it has copied that, whole; if not, it will not any
// more. Waits while it does.
bool copier_has_copied(struct copier *copier, size_t batch);

// Waits until COPIER, whose batches all were taken, has ended. Accepts NULL.
void copier_end(struct copier *copier);

// Copies the stacks of the COUNT threads INDICES of PLAN, COPIER_BATCH at most, to their places by
// one call, process_vm_readv(2). Returns how many bytes were copied, of one stack after the other,
// or -errno.
ssize_t copier_copy(const struct plan *plan, const size_t *indices, size_t count);

// Looks through the copied stacks of the COUNT threads INDICES of PLAN for what a signal handler on
// an alternate one has left (leftstack.h), while they are in the CPU's cache: their rows' left_sp.
void copier_look(const struct plan *plan, const size_t *indices, size_t count);
