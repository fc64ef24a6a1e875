// SPDX-License-Identifier: GPL-2.0-or-later
// Copying the stacks of threads that stand still.
#pragma once

#include "plan.h"

// Makes the memory for PLAN's stacks present from FROM, a page's beginning, to TO.
void stackcopy_make_present(struct plan *plan, size_t from, size_t to);

// Reserves room for the stack of each of the COUNT threads INDICES, whose stack pointers are known,
// from there to the end of the mapping that holds it, or to where a C library keeps what it knows
// of the thread, and makes the room's memory present: so that
// the copying finds no page missing. Or, if BY_FILE, and PLAN has a file, has written nothing to it
// yet, and need not read one by one: in blocks of that, if so many fit, of which nothing is made
// (copier.h).
void stackcopy_reserve(struct plan *plan, const size_t *indices, size_t count, bool by_file);

// Copies them, in batches, or one by one if PLAN says so. PLAN's kill_at_us is moved on, to COPY_MS
// milliseconds from each call. Of many stacks a thread copies some (copier.h), which is to be
// waited for by stackcopy_end(). What it could not copy so is left to stackcopy_finish(), which
// always has to follow.
void stackcopy_take(struct plan *plan, const size_t *indices, size_t count, uint32_t copy_ms);

// Copies what is missing of the same threads' stacks, and what belongs to them: what the arguments
// of their system calls point to, and the stacks that signal handlers on alternate ones, or Go,
// have left. Of a thread whose stack cannot be read at all, its row's copy_errnum says why; one of
// which there is now more to unwind than after stackcopy_take() is finished_late. COPY_MS as there.
void stackcopy_finish(struct plan *plan, const size_t *indices, uint32_t copy_ms);

// Waits for the end of the thread that has helped stackcopy_take(), if there was one. To be called
// before anything that was borrowed is given back, and before the next stackcopy_take().
void stackcopy_end(struct plan *plan);
