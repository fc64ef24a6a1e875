// SPDX-License-Identifier: GPL-2.0-or-later
// Files in memory to execute.
#include "sealed.h"

#include "cleanup.h"
#include "fd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u // Linux 6.3: says that it is meant to be executed
#endif

static int open_in_memory(const char *name, const void *image, size_t len)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	auto_fd int fd = memfd_create(name, flags | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, flags);
	if (fd < 0)
		return -errno;
	int r = fd_write_all(fd, image, len);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return take_fd(&fd);
}

// A file without a name in DIR. That it can be written to, by who finds it, harms nobody: it is
// used once.
static int open_in(const char *dir, const void *image, size_t len)
{
	struct statvfs fs;
	char path[32];
	auto_fd int fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0755);

	if (fd < 0)
		return -errno;
	if (fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_NOEXEC)
		return -EACCES;
	int r = fd_write_all(fd, image, len);
	if (r < 0)
		return r;
	if (fchmod(fd, 0555) < 0)
		return -errno;
	// What is open for writing cannot be executed.
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	auto_fd int read_fd = open(path, O_RDONLY | O_CLOEXEC);
	return read_fd < 0 ? -errno : take_fd(&read_fd);
}

// What the file size limit was, setrlimit(2), while a file of ours may be as large as it must.
struct size_limit {
	struct rlimit limit;
	struct sigaction action;
};

static void lift_size_limit(struct size_limit *ret)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct rlimit lifted;

	sigaction(SIGXFSZ, &ignore, &ret->action);
	if (getrlimit(RLIMIT_FSIZE, &ret->limit) < 0)
		return;
	lifted = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	if (setrlimit(RLIMIT_FSIZE, &lifted) == 0)
		return;
	lifted = (struct rlimit){ret->limit.rlim_max, ret->limit.rlim_max};
	setrlimit(RLIMIT_FSIZE, &lifted);
}

static void restore_size_limit(const struct size_limit *limit)
{
	setrlimit(RLIMIT_FSIZE, &limit->limit);
	sigaction(SIGXFSZ, &limit->action, NULL);
}

static int open_anywhere(const char *name, const void *image, size_t len)
{
	static const char *const dirs[] = {"/run", "/tmp", "/var/tmp"};
	int fd = open_in_memory(name, image, len);
	int errnum = -fd;

	for (size_t i = 0; fd < 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		fd = open_in(dirs[i], image, len);
	return fd < 0 ? -errnum : fd;
}

int sealed_open(const char *name, const void *image, size_t len, struct error *err)
{
	struct size_limit limit;

	lift_size_limit(&limit);
	int fd = open_anywhere(name, image, len);
	restore_size_limit(&limit);
	if (fd >= 0)
		return fd;
	fail_sys(err, -fd, "memfd_create", "the program that enters the container");
	if (fd == -EFBIG)
		return error_hint(err,
			"it has %zu bytes, and the hard limit of the file size is "
			"less (RLIMIT_FSIZE, ulimit -f)",
			len);
	return error_hint(err, "vm.memfd_noexec may forbid it, and /run, /tmp and /var/tmp are "
			       "noexec or full");
}
