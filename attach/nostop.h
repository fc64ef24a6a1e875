// SPDX-License-Identifier: GPL-2.0-or-later
// Copying blocked threads without stopping them, out of /proc, proven not to have run meanwhile.
//
// Theory of operation. /proc/PID/task/TID/syscall tells a blocked thread's stack pointer, program
// counter and, in a system call, its arguments; it tells them only of a thread that is switched out
// before and after they were read (lib/syscall.c, task_current_syscall). What is read, in this
// order:
//  1. syscall: where the stack is;
//  2. status: the number of context switches, which grows when a thread leaves its CPU;
//  3. the stack;
//  4. syscall again: the thread is switched out now, at the same place;
//  5. status again: the number is the same.
// Had the thread run at any time between 2 and 4, it would have left its CPU before 4, and the
// number would be larger in 5. So the registers of 4 and the stack of 3 belong together. The order
// of 4 and 5 matters: counters alone do not show a thread that was woken and still runs.
// Registers that a system call does not tell are not known, and are not zero.
#pragma once

#include "plan.h"

// Copies each thread that PLAN wants and that is blocked; one that is not, or that runs while it is
// copied, is tried a few times. Returns 0, or -ENOMEM.
int nostop_take(struct plan *plan);

// The same with much patience (some milliseconds a thread) for the threads that are marked as
// spared, and for no others.
int nostop_take_spared(struct plan *plan);

// The same with some patience, since a thread that was just let go may not be at rest yet, and also
// for the threads of which all registers were wanted.
int nostop_take_rest(struct plan *plan);
