// SPDX-License-Identifier: GPL-2.0-or-later
// Where a container's first process comes from: who made it, and which program stays beside it
// (monitor.h). Part of containers.h.
#pragma once

#include "containers.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// What /proc/PID/stat tells.
struct container_origin {
	uint64_t start; // in clock ticks since the host was booted
	pid_t ppid;
	bool is_kernel_thread;
};

// Reads it of PID, below PROC_FD. Fails with -errno.
int container_origin(int proc_fd, pid_t pid, struct container_origin *ret);

// The inode of the namespace that PID's file NAME is, or of any other file; 0, and errno says why.
uint64_t container_inode(int proc_fd, pid_t pid, const char *name);

// Reads PID's file NAME into TEXT of SIZE bytes. Returns its length, or -errno.
ssize_t container_read(int proc_fd, pid_t pid, const char *name, char *text, size_t size);

// Finds who made CONTAINER: the user in whose part of the cgroups it is, else the owner of its user
// namespace, where that is not ours, OWN_USERS. ioctl_ns(2).
void container_find_owner(int proc_fd, uint64_t own_users, struct container *container);

// Asks the leader whether it is one of gVisor's programs.
void container_ask_leader(int proc_fd, struct container *container);

// Asks PID, the leader's parent, what CONTAINER is; none that is in it. Who is not root, or in
// another PID or mount namespace, is a stranger, and asked only if PATIENT. Returns 1, 0 when PID
// is no monitor of any, or -ETIMEDOUT for a stranger who does not answer.
int container_ask_monitor(int proc_fd, pid_t pid, bool patient, struct container *container);
