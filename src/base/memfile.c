// SPDX-License-Identifier: GPL-2.0-or-later
#include "memfile.h"

#include "cleanup.h"
#include "fd.h"
#include "mounttree.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8u
#endif

int memfile_open(const char *name)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, flags);
	return fd < 0 ? -errno : fd;
}

// Whether memory may be had that was not promised before: proc_sys_vm(5), overcommit_memory.
static bool is_overcommitted(void)
{
	char word[8];
	ssize_t len =
		fd_read_small_at(AT_FDCWD, "/proc/sys/vm/overcommit_memory", word, sizeof(word));

	return len > 0 && word[0] != '2';
}

// A file in a tmpfs that makes pages as large as what is written, within the file's size, or
// -errno. A memfd has such pages only where the administrator wants them for all.
static int open_in_tmpfs(void)
{
	static const struct mounttree_option options[] = {{.key = "huge", .value = "within_size"},
		{.key = "size", .value = "0"}, {.key = NULL}};
	auto_fd int root = mounttree_new("tmpfs", options, 0);

	if (root < 0)
		return root;
	// The name is there as long as the file system's root is held.
	int fd = openat(root, "memory", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int memfile_open_growing(size_t most)
{
	struct rlimit limit;

	// Beyond the limit for files we would not fail, but be killed (setrlimit(2), SIGXFSZ).
	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur < most)
		return -EFBIG;
	if (!is_overcommitted())
		return -ENOMEM;
	int fd = open_in_tmpfs();
	return fd < 0 ? memfile_open("nspeek-memory") : fd;
}

int memfile_reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int reader = open(path, O_RDONLY | O_CLOEXEC);
	return reader < 0 ? -errno : reader;
}
