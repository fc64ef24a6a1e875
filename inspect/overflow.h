// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks that have overflowed.
#pragma once

#include "row.h"

// True when SP, the stack pointer of code that is running or was interrupted, is in the guard below
// a stack of SNAPSHOT, or so close to it that the next word would be; or when FAULT, unless it is
// 0, is an address below the stack of SP that the code has failed to reach.
bool overflow_is_at(const struct snapshot *snapshot, uint64_t sp, uint64_t fault);

// The address of the last page fault of THREAD that became a signal, as the signal frame of FRAME,
// which is in a trampoline, says; 0: unknown, or none. It may be older than that signal.
// Source: struct sigcontext of the kernel, arch/x86 and arch/arm64.
uint64_t overflow_fault(
	struct space *space, const struct snapshot_thread *thread, const struct frame_regs *frame);
