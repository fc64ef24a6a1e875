// SPDX-License-Identifier: GPL-2.0-or-later
// From the kernel's registers to a snapshot's.
#pragma once

#include "snapshot.h"

#include <sys/user.h>

// Fills THREAD's registers, all of them known, and its system call, from R as ptrace(2) or
// bpf_task_pt_regs() gives them.
void registers_take(struct snapshot_thread *thread, const struct user_regs_struct *r);

// Where the C library keeps what it knows of the thread, as R have it; 0: they do not tell.
uint64_t registers_thread_pointer(const struct user_regs_struct *r);

// True when R are the registers of a thread that a stop has made to return EINTR from its system
// call, as soon as it runs on.
bool registers_say_eintr(const struct user_regs_struct *r);

// True when R are those of a thread in 32-bit code, whose registers are others.
bool registers_are_32_bit(const struct user_regs_struct *r);

// True when R are those of a thread that was given no user stack: it never runs code of the program
// (kernel/fork.c, create_io_thread).
bool registers_are_none(const struct user_regs_struct *r);
