// SPDX-License-Identifier: GPL-2.0-or-later
// Reading the target's memory.
#pragma once

#include "target.h"

#include <stddef.h>
#include <stdint.h>

// Opens TARGET's memory for memory_read(). Returns an O_CLOEXEC fd that the caller owns, or -errno
// (-EACCES, -EPERM: no ptrace access).
int memory_open(const struct target *target);

// Copies LEN bytes at ADDR of process PID to BUFFER: by process_vm_readv(2), or, where that is
// refused (a seccomp filter, a kernel without it), from MEMORY_FD of memory_open(), unless that is
// negative. Returns how many bytes there were before the first that is not mapped (0: none), or
// -errno when reading is not possible at all.
ssize_t memory_read(pid_t pid, int memory_fd, uint64_t addr, void *buffer, size_t len);
