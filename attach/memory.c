// SPDX-License-Identifier: GPL-2.0-or-later
// Reading the target's memory.
#include "memory.h"

#include "cleanup.h"

#include <fcntl.h>
#include <sys/uio.h>

int memory_open(const struct target *target)
{
	int fd = openat(target->task_fd, "mem", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

ssize_t memory_read(pid_t pid, int memory_fd, uint64_t addr, void *buffer, size_t len)
{
	struct iovec local = {buffer, len};
	struct iovec remote = {(void *)(uintptr_t)addr, len}; // the target's, never followed here
	ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (n >= 0)
		return n;
	if (errno == EFAULT)
		return 0;
	int errnum = errno;
	if (memory_fd < 0)
		return -errnum;
	n = pread(memory_fd, buffer, len, (off_t)addr);
	if (n >= 0)
		return n;
	return errno == EIO ? 0 : -errnum; // EIO: nothing is mapped there
}
