// SPDX-License-Identifier: GPL-2.0-or-later
// One step by libunwind, with own accessors over the snapshot: for call frame information that says
// more than a row can, and as an independent evaluation of the same.
#pragma once

#include "row.h"

struct libunwind;

// Makes a stepper for SPACE, which must outlive it, or returns NULL (no memory).
struct libunwind *libunwind_open(struct space *space);

// Accepts NULL.
void libunwind_close(struct libunwind *engine);

// Steps from FRAME of THREAD, whose pc is a return address when BEHIND_CALL, to its caller in *RET.
// Returns 1, or 0 when the chain ends there. Fails with -ENOENT when there is no call frame
// information that libunwind can find, -EFAULT when memory was not copied (*TROUBLE says which),
// -ENODATA when the information cannot be used.
int libunwind_step(struct libunwind *engine, const struct snapshot_thread *thread,
	const struct frame_regs *frame, bool behind_call, struct frame_regs *ret,
	struct row_trouble *trouble);
