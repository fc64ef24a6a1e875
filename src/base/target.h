// SPDX-License-Identifier: GPL-2.0-or-later
// A process that is looked at: pinned first, looked at through what was pinned, verified after.
//
// Theory of operation. A PID is a number that the kernel reuses. So the process is pinned by a
// pidfd before anything of it is opened; then its /proc directory is opened; then a signal 0
// through the pidfd proves that the pinned process still holds the PID, and so that the directory
// is its own. From then on every file is opened relative to the directory, whose lookups fail with
// ESRCH once the process is gone, whoever has the number by then.
#pragma once

#include "error.h"
#include "proc.h"

#include <errno.h>
#include <sys/types.h>

struct target {
	pid_t pid;   // the process (thread group)
	pid_t tid;   // the thread that was named, or one that lives when the main thread does not
	int pidfd;   // of the process
	int proc_fd; // /proc/PID
	int task_fd; // /proc/PID/task/TID, where maps, root and ns stand also for a dead main
		     // thread
	struct proc_status status; // of TID, when it was opened
};

// Fails with ERROR_SYSTEM, and a hint, where /proc is not there, or its numbers are not those of
// our own PID namespace: all else goes by number.
int target_check_procfs(struct error *err);

// Pins the process that has, or whose thread has, id PID. Fails with kind ERROR_TARGET when there
// is no such process, it is a kernel thread, a zombie (no thread lives), or nspeek itself; with
// ERROR_SYSTEM otherwise. Nothing is left open on failure. Source: pidfd_open(2), proc(5).
int target_open(pid_t pid, struct target *ret, struct error *err);

// The same for the process PID, whatever it is, so that it is also one that cannot be looked into:
// a zombie, a kernel thread. TARGET stands on its main thread, and its status is that of it.
int target_open_any(pid_t pid, struct target *ret, struct error *err);

// The inode of TARGET's pidfd, by which the process is told from all others since the host was
// booted, into *RET. Fails with -EOPNOTSUPP where pidfds have no inodes of their own (before Linux
// 6.9), or -errno.
int target_pidfd_inode(const struct target *target, uint64_t *ret);

// Turns to another thread of TARGET when the one it stands on has exited, so that maps, root and ns
// can still be read. Fails with ERROR_TARGET when none lives; TARGET can then only be closed.
int target_follow(struct target *target, struct error *err);

// Proves that TARGET's process still exists, so that all that was opened so far is its own. Fails
// with ERROR_TARGET, -ESRCH.
int target_verify(const struct target *target, struct error *err);

// Reads the status of thread TID of TARGET now. Fails with -errno (-ENOENT, -ESRCH: gone).
int target_read_status(const struct target *target, pid_t tid, struct proc_status *ret);

// Closes TARGET's fds. Accepts one that target_open() did not fill, if it was set to
// TARGET_EMPTY.
void target_fini(struct target *target);

#define TARGET_EMPTY ((struct target){.pidfd = -EBADF, .proc_fd = -EBADF, .task_fd = -EBADF})
#define auto_target  __attribute__((cleanup(target_fini)))
