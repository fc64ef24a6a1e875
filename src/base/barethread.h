// SPDX-License-Identifier: GPL-2.0-or-later
// A thread that the C library knows nothing of: so it can be made where nothing of that library may
// be changed, as in a process that has its parent's memory and may be killed at any instruction. It
// has no errno and no thread-local memory of its own: it computes, and makes system calls by
// bare_call().
#pragma once

#include <sys/types.h>

// System call NUMBER with six arguments. Returns its result, or -errno. syscall(2).
long bare_call(long number, long a, long b, long c, long d, long e, long f);

// Starts a thread of the calling process, with all signals blocked but those that are the C
// library's own, that calls FUNCTION with ARG on
// the stack that ends below STACK_END (a multiple of 16), and ends when that returns, or with the
// process. *RET_TID is its id, and 0 when it has ended: all three are the thread's until then.
// Returns 0 or -errno. clone(2), CLONE_THREAD, CLONE_CHILD_CLEARTID.
int bare_thread(void (*function)(void *arg), void *arg, void *stack_end, int *ret_tid);
