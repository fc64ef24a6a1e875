// SPDX-License-Identifier: GPL-2.0-or-later
// Copying the stacks of threads that stand still.
#pragma once

#include "plan.h"

// Reserves room for the stack of each of the COUNT threads INDICES, whose stack pointers are known,
// from there to the end of the mapping that holds it, or to where a C library keeps what it knows
// of the thread, and makes the room's memory present: so that
// the copying finds no page missing.
void stackcopy_reserve(struct plan *plan, const size_t *indices, size_t count);

// Copies them, and the stacks that signal handlers on alternate ones, or Go, have left, 64 by one
// call, or one by one if PLAN says so. Of a thread whose stack cannot be read at all, its row's
// copy_errnum says why. PLAN's kill_at_us is moved on, to COPY_MS milliseconds from each call.
void stackcopy_take(struct plan *plan, const size_t *indices, size_t count, uint32_t copy_ms);
