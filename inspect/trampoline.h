// SPDX-License-Identifier: GPL-2.0-or-later
// Code that is returned to without having called, recognised by its bytes: signal trampolines,
// which libraries describe or do not, and the end of goroutines.
#pragma once

#include "row.h"

// True when the code at PC is a signal trampoline: a system call of sigreturn and nothing else.
bool trampoline_is_sigreturn(
	struct space *space, const struct snapshot_thread *thread, uint64_t pc);

// True when PC is where a goroutine returns to: behind the first byte of Go's runtime.goexit, nop;
// call; nop. No call has put it on a stack. Source: Go's runtime, asm_amd64.s and newproc1().
bool trampoline_is_goexit(struct space *space, const struct snapshot_thread *thread, uint64_t pc);

// The registers of what the signal has interrupted, out of the frame that the kernel has put on the
// stack of FRAME, which is in a trampoline, into *RET. Fails with -EFAULT when that was not copied,
// with -EINVAL when it is none. Source: struct rt_sigframe of the kernel, arch/x86 and arch/arm64.
int trampoline_interrupted(struct space *space, const struct snapshot_thread *thread,
	const struct frame_regs *frame, struct frame_regs *ret, struct row_trouble *trouble);
