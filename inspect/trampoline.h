// SPDX-License-Identifier: GPL-2.0-or-later
// Signal trampolines, recognised by their bytes: libraries differ in whether they describe them.
#pragma once

#include "row.h"

// True when the code at PC is a signal trampoline: a system call of sigreturn and nothing else.
bool trampoline_is_sigreturn(
	struct space *space, const struct snapshot_thread *thread, uint64_t pc);

// The registers of what the signal has interrupted, out of the frame that the kernel has put on the
// stack of FRAME, which is in a trampoline, into *RET. Fails with -EFAULT when that was not copied,
// with -EINVAL when it is none. Source: struct rt_sigframe of the kernel, arch/x86 and arch/arm64.
int trampoline_interrupted(struct space *space, const struct snapshot_thread *thread,
	const struct frame_regs *frame, struct frame_regs *ret, struct row_trouble *trouble);
