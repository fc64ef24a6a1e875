// SPDX-License-Identifier: GPL-2.0-or-later
// Stopping all threads of a process for as long as it takes to copy them. With seccomp_filter.h,
// which stops one, the only user of ptrace(2).
//
// Theory of operation. PTRACE_SEIZE stops nothing and sends no signal, and the kernel undoes it,
// and any stop by PTRACE_INTERRUPT, when the tracer dies, whatever kills it. So this runs in a
// process of its own: when it ends, for whatever reason, every thread runs on, also one that could
// not be stopped in time (a vfork parent, a frozen cgroup) and so cannot be detached.
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

#include "snapshot.h"
#include "target.h"

// What is to be stopped and where the copies go. The plan, and the snapshot's threads and stacks,
// are memory shared with the process that wants the result; the snapshot itself is not.
struct stop_plan {
	int task_dir_fd; // /proc/PID/task
	int memory_fd;   // see memory.h, may be negative
	pid_t pid;
	struct snapshot *snapshot;       // its maps are read, its stacks are written
	struct snapshot_thread *threads; // the first ones are listed already
	size_t thread_capacity;          // rows that threads has room for
	size_t stacks_capacity;          // bytes that snapshot->stacks has room for
	size_t stack_max;                // bytes copied of one stack at most
	bool listed_only;     // stop only the threads that are listed, look for no others
	uint32_t deadline_ms; // for all threads to stop
	// What comes out:
	bool threads_missed; // there are more threads than room, or they kept coming
	size_t thread_count; // in: the listed ones; out: all
	size_t stacks_len;
	uint64_t paused_us; // from the first stop to the last resume
};

// Stops the threads of PLAN, copies registers and stacks, and lets them run on.
// Each thread's row says what came of it. Changes the calling process's signal handling for
// SIGALRM; to be called in a child that exits right after. Returns 0, or -errno when nothing could
// be tried.
int stop_and_copy(struct stop_plan *plan);
