// SPDX-License-Identifier: GPL-2.0-or-later
// Unwinding: from the registers and the stack of a snapshot to a chain of frames. Every engine is a
// row behind this interface; none of them prints, or touches a process.
#pragma once

#include "space.h"
#include "stacks.h"

// One frame, from the innermost.
struct unwind_frame {
	uint64_t pc;
	bool signal;     // it is a signal trampoline
	bool activation; // the pc is where the thread was interrupted, not a return address
	enum frame_via via;
};

struct unwinder {
	const char *name;
	// Makes an engine for SPACE, which must outlive it, or NULL (no memory).
	void *(*open)(struct space *space);
	// Unwinds THREAD (which must be SNAPSHOT_THREAD_CAPTURED): writes at most MAX frames to
	// FRAMES, their number to *RET_COUNT, and says in *RET_END how the chain ended.
	void (*unwind)(void *engine, const struct snapshot_thread *thread,
		struct unwind_frame *frames, size_t max, size_t *ret_count,
		struct stack_end *ret_end);
	void (*close)(void *engine);
};

// Call frame information by rows, which all threads share; by libunwind where a row cannot say it,
// and by libdwfl where libunwind cannot. Code without any by following it.
extern const struct unwinder unwinder_rows;

// The same with every step that call frame information describes made by libunwind.
extern const struct unwinder unwinder_libunwind;

// All by elfutils' libdwfl, which shares nothing with the others: what they are compared with. It
// knows call frame information only.
extern const struct unwinder unwinder_libdwfl;

// The address that a lookup for FRAME has to use: a return address lies behind its call, which may
// have been the last instruction of its function. Nobody called a trampoline.
static inline uint64_t unwind_lookup_pc(const struct unwind_frame *frame)
{
	return frame->activation || frame->signal ? frame->pc : frame->pc - 1;
}
