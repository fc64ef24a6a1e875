// SPDX-License-Identifier: GPL-2.0-or-later
// A scratch directory that stands for the root of a container.
#pragma once

#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch_root {
	char path[40];
	int fd;
};

static inline struct scratch_root scratch_root_new(void)
{
	struct scratch_root root = {.path = "/tmp/nspeek-unit.XXXXXX"};

	alarm(30); // a test that opens a FIFO would hang
	umask(0022);
	cr_assert(mkdtemp(root.path));
	root.fd = open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(root.fd >= 0);
	return root;
}

static inline void scratch_root_fini(struct scratch_root *root)
{
	char command[100];

	close(root->fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", root->path);
	check_int(system(command), 0);
}

static inline void scratch_root_write(const struct scratch_root *root, const char *path,
	const void *bytes, size_t len, mode_t mode)
{
	int fd = openat(root->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	cr_assert(fd >= 0, "%s: %s", path, strerror(errno));
	check_int(write(fd, bytes, len), len);
	close(fd);
}
