// SPDX-License-Identifier: GPL-2.0-or-later
// Stopping threads of a process for as long as it takes to copy them: all at one instant, or each
// by itself. With seccomp_filter.h, which stops one, the only user of ptrace(2).
//
// Theory of operation. PTRACE_SEIZE stops nothing and sends no signal, and the kernel undoes it,
// and any stop by PTRACE_INTERRUPT, when the tracer dies, whatever kills it. So this runs in a
// process of its own (helper.h): when it ends, for whatever reason, every thread runs on, also one
// that could not be stopped in time (a vfork parent, a frozen cgroup) and so cannot be detached.
// PTRACE_ATTACH, SIGSTOP and PTRACE_O_EXITKILL have no such promise and are never used.
//
// A thread can be born only by one that runs. So when every known thread is stopped and the kernel
// counts no more of them, all are; else the list is read again.
//
// A stop found by waiting may be another than ours: a signal on its way to the thread (handed back
// on detaching, and until then left where it is, so that none is lost) or a group-stop (which
// stays). A thread that has exited is reaped within 10 ms, whatever is being waited for: an exec in
// the target waits for that.
#pragma once

#include "plan.h"

// Stops all threads that PLAN wants, and those that are born meanwhile, copies registers and
// stacks, and lets them run on. Each thread's row says what came of it. Changes the calling
// process's signal handling for SIGVTALRM; to be called in a helper that exits right after. Returns
// 0, or -errno when nothing could be tried.
int stop_all(struct plan *plan);

// The same, one thread after the other. Returns 1 when a thread did not stop and so cannot be let
// go: the helper has to exit, and another to go on (the thread is not tried again).
int stop_each_wanted(struct plan *plan);

// The same, but for threads in a system call that a stop would end with EINTR: these are marked as
// spared.
int stop_each_sparing(struct plan *plan);
