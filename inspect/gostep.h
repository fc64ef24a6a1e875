// SPDX-License-Identifier: GPL-2.0-or-later
// One step out of a function of Go, by its table (gopclntab.h).
//
// Theory of operation. Go's functions keep nothing for their callers but the frame pointer, and say
// in the table how far the stack pointer has gone: that is a row. Some functions of its runtime go
// from a goroutine's stack to that of its thread (to the scheduler, C code, the vDSO), or back;
// what the table says of their depth then is about a stack that they have left. But all of them
// leave the frame pointer alone: it is their own, when they have saved their caller's, or still
// their caller's. On the stack that it points to, the caller's return address is known by three
// things that agree: it lies behind a call of this very function, in a function whose depth there
// leads from it to that function's frame, and there is only one such place.
//
// While C code runs, though, the goroutine's stack can be moved, by Go that C has called, and the
// frame pointer still points to where it was. So the call of C notes on the thread's stack how far
// below the end of the goroutine's it was; the capture has read where that end is (left_sp and
// left_len of a thread). Where C has called Go, that goroutine's frames are there to go on from.
#pragma once

#include "row.h"

enum gostep_answer {
	GOSTEP_NONE,  // no table of Go describes the code
	GOSTEP_ROW,   // ret->row is its row
	GOSTEP_END,   // nobody called it
	GOSTEP_APPLY, // it depends on the stack: gostep_apply()
};

struct gostep {
	struct row row;
	bool injected;  // the caller was interrupted, and made no call
	bool schedules; // see struct gostep_past
	// For GOSTEP_APPLY:
	bool checked;            // the row holds if the stack agrees, else nobody called it
	bool own_frame;          // the frame pointer is its own
	uint8_t kind;            // enum gopclntab_kind
	uint64_t start, address; // of the function: ELF virtual address, and in the target
};

// What the frames of a chain so far mean for those that follow; zeroed at its beginning.
struct gostep_past {
	uint64_t callback; // C, in which the chain is, has called a goroutine that goes on here, or
			   // 0
	bool scheduled;    // the thread is choosing another goroutine: set by whoever steps
};

// Looks up AT (not SNAPSHOT_NO_MODULE), where the pc, or, when BEHIND_CALL, the call before it is.
enum gostep_answer gostep_find(
	struct space *space, const struct location *at, bool behind_call, struct gostep *ret);

// The caller of FRAME by STEP, a GOSTEP_APPLY, into *RET: 1; 0: nobody called it. Fails with
// -ENODATA, or, with the address that was not copied in *TROUBLE, -EFAULT, when it is not found.
// PAST is of the chain.
int gostep_apply(const struct gostep *step, struct space *space,
	const struct snapshot_thread *thread, const struct frame_regs *frame, bool behind_call,
	struct gostep_past *past, struct frame_regs *ret, struct row_trouble *trouble);
