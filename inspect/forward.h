// SPDX-License-Identifier: GPL-2.0-or-later
// One step without call frame information, by following the code.
//
// Theory of operation. Candidates for the frame's CFA come from the returns that its pc can reach,
// and from the functions before the pc, each followed from its entry to the pc (codewalk.h). A
// candidate is nothing unless the word below its CFA points behind a call, or is a signal
// trampoline. It is proven when that call is of the very function which, followed from its
// entry, reaches the pc with the stack pointer at just that distance: the callee, the depth of its
// frame, and the word on the stack then agree. Where the call has no fixed target (a pointer, a
// procedure linkage table) a candidate may stand if it is the only one that both the returns and an
// entry show, or else the only one. When two candidates are equally good, or none is, there is no
// answer: a chain that ends is better than a wrong frame.
//
// A frame of a size that only run time knows needs the frame pointer, which is not known of a
// thread that was not stopped. It is then searched for: the only place on the stack that has, above
// it, a return address behind a call of the function that leads to the pc. Where the size is only
// unknown because the stack pointer was aligned (so does the vDSO), there are but a few such
// places, and what the ABI says of a caller's stack pointer tells which.
//
// Code that was made at run time, and is in no file, is followed like any other, as far as it was
// copied; it begins where its compiler has named it. What is proven to keep a frame pointer is not
// followed (jitframe.h).
#pragma once

#include "row.h"

struct forward;

enum forward_answer {
	FORWARD_ROW,       // *ret is the row
	FORWARD_SEARCHED,  // the same, for this very stack: the frame pointer was searched for
	FORWARD_FRAME,     // the same, by the frame pointer (jitframe.h)
	FORWARD_BEGINNING, // the frame is where a thread or the program begins: nobody called it
	FORWARD_NOTHING,   // the code shows no caller
	FORWARD_AMBIGUOUS, // it shows more than one
	FORWARD_EXHAUSTED, // too much code was followed already
};

// Makes an engine for SPACE, which must outlive it, or returns NULL (no memory).
struct forward *forward_open(struct space *space);

// Closes FORWARD; what it has found of code is kept if its space says where. Accepts NULL.
void forward_close(struct forward *forward);

// Frees what is kept at WALKED, if anything: before the modules that it is about go.
void forward_forget(struct codewalk **walked);

// Finds the row of FRAME of THREAD, whose pc is a return address when BEHIND_CALL, into *RET. With
// FORWARD_NOTHING, *TROUBLE says which memory was missing, if any was.
enum forward_answer forward_find(struct forward *forward, const struct snapshot_thread *thread,
	const struct frame_regs *frame, bool behind_call, struct row *ret,
	struct row_trouble *trouble);
