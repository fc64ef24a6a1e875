// SPDX-License-Identifier: GPL-2.0-or-later
// Copying threads without stopping them, with all of their registers, by a BPF task iterator.
//
// Theory of operation. A small program runs in the kernel for each thread of the process when a
// file is read, and writes the thread's user registers (which stand on its kernel stack while it is
// not in user mode), whether it is on a CPU, and how often it has left one. So: read the file, copy
// the stacks, read the file again. A thread that was on no CPU at both times, with the same number
// of context switches and the same registers, has not run in between: to run it must get on a CPU,
// and when it leaves that it is counted. The number is read before all else the first time and
// after all else the second. Whether it sleeps, is stopped, frozen or only waits for a CPU does not
// matter. What cannot be proven is tried again a few times, and then left to others.
// Nothing is sent to the target, no thread of it is touched.
#pragma once

#include "plan.h"

#include <errno.h>

// The program in the kernel, which is loaded when it is first needed and takes one process after
// the other. Nothing of it is in our memory.
struct taskiter_program {
	int prog_fd;   // negative: not loaded yet
	int wanted_fd; // of the memory that says which process is meant
	pid_t loader;  // the child that loads it, which may have ended, or 0
	int socket;    // where that says so; negative: nobody does
	bool begun;    // there was one
};

#define TASKITER_PROGRAM_EMPTY                                           \
	{                                                                \
		.prog_fd = -EBADF, .wanted_fd = -EBADF, .socket = -EBADF \
	}

// Reaps the child that has loaded PROGRAM, if it has ended.
void taskiter_tidy(struct taskiter_program *program);

// Ends what PROGRAM is: no process and no fd is left.
void taskiter_program_fini(struct taskiter_program *program);

// Loading it takes some 2 ms, for which /proc is read of 50 threads; so for few threads /proc comes
// first, and the iterator when more registers are needed than /proc tells. And for many it is done
// by a child, on another CPU, while we read what the process has mapped.

// Has a child begin to load the program, if PLAN's process has many threads and it was not done.
// What fails is said by taskiter_probe().
void taskiter_begin(struct plan *plan);

// Loads the program for PLAN's process, if that was not done: its iterator_fd, which the caller
// owns, or -errno (-ENOPKG: this build has none; -ENOSYS: the kernel has none; -EPERM: it is not
// permitted). It needs CAP_BPF and CAP_PERFMON in the initial user namespace, and a kernel that
// knows its own types (BTF, Linux 5.15).
void taskiter_probe(struct plan *plan);

// The same, if it is worth it: for many threads, or for those of which all registers are wanted.
void taskiter_probe_if_worth(struct plan *plan);

// Captures the threads that PLAN wants, and lists those that it has not yet, unless it is not to.
// Does nothing without an iterator. Returns 0 or -ENOMEM.
int taskiter_take(struct plan *plan);

// Has a child begin to load PROGRAM, unless it is loaded or one has begun.
void taskiter_load_begin(struct taskiter_program *program);

// Loads PROGRAM, if it is not loaded, and has it choose process PID (in our PID namespace), and no
// other that was chosen before. Returns an O_CLOEXEC fd of a link, owned by the caller, or -errno
// as above.
int taskiter_open(struct taskiter_program *program, pid_t pid);
