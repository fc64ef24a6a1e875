// SPDX-License-Identifier: GPL-2.0-or-later
// Comparing what two engines found of one thread.
#pragma once

#include "unwind.h"

// One engine's chain.
struct verify_chain {
	const struct unwind_frame *frames;
	size_t count;
	const struct stack_end *end;
};

// Compares OURS, which is shown, with OTHER, by their pcs from the innermost on. They differ where
// both engines say something else: another frame, or a frame and the thread's beginning. An engine
// that gave up says nothing of what follows.
void verify_compare(const struct verify_chain *ours, const struct verify_chain *other,
	struct stack_verify *ret);
