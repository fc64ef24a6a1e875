// SPDX-License-Identifier: GPL-2.0-or-later
// Frames of run-time compilers' code by their frame pointer: of an interpreter that goes from
// instruction to instruction by a table, of code whose callees take their arguments off the stack
// (V8), so that following it does not show how deep that is; and of the stubs that go with it,
// which may be in a file, without call frame information or a name.
//
// Theory of operation. Such code keeps a frame pointer, but compiled code beside it may use the
// register for anything. So it is one only if all of this holds: the frame is in a call, or its
// code makes none before what follows, since that may be to set the frame up; its code, from the pc
// on, takes values from below the register, at places that are inside the frame, or takes the
// caller's stack pointer or frame pointer from where it points to; the word above it is a return
// address (callsite.h); and the word that it points to is the caller's: further up, or of code in a
// file, which may use the register for anything. An interpreter notes below its frame pointer where
// its caller's stack pointer was, which is further up than its own frame when it has moved
// arguments there. A wrong frame is worse than none.
#pragma once

#include "codewalk.h"

// Finds the row of FRAME of THREAD, whose pc is a return address when BEHIND_CALL, into *RET.
// Returns false when its
// frame pointer is not known, or not proven to be one.
bool jitframe_find(struct codewalk *walk, struct space *space, const struct snapshot_thread *thread,
	const struct frame_regs *frame, bool behind_call, struct row *ret);
