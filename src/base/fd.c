// SPDX-License-Identifier: GPL-2.0-or-later
// File descriptors.
#include "fd.h"

#include "cleanup.h"
#include "number.h"
#include "sys.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum {
	FIRST = 16 << 10,  // bytes that most files have not
	SECOND = 256 << 10 // and most others; pages come as they are written to
};

// Makes *BUFFER one of SIZE bytes and a NUL.
static bool grow(char **buffer, size_t size)
{
	char *grown = realloc(*buffer, size + 1);

	if (grown)
		*buffer = grown;
	return grown;
}

// A small file needs no more memory than it has bytes, and no mapping for a moment.
int fd_read_all(int fd, size_t max, char **ret_buffer, size_t *ret_len)
{
	char first[FIRST];
	ssize_t n = fd_read_exact(fd, first, sizeof(first));

	if (n < 0)
		return (int)n;
	size_t len = (size_t)n, size = len < FIRST ? len : SECOND;
	auto_free char *buffer = malloc(size + 1);
	if (!buffer)
		return -ENOMEM;
	memcpy(buffer, first, len);
	for (bool more = len == FIRST; more && len <= max;) {
		if (len == size && !grow(&buffer, size *= 4))
			return -ENOMEM;
		// Nothing beyond what shows that it is too much: the rest may be endless.
		size_t wanted = size - len < max - len + 1 ? size - len : max - len + 1;
		if ((n = fd_read_exact(fd, buffer + len, wanted)) < 0)
			return (int)n;
		len += (size_t)n;
		more = (size_t)n == wanted;
	}
	if (len > max)
		return -EFBIG;
	buffer[len] = '\0';
	*ret_buffer = take_ptr(buffer);
	*ret_len = len;
	return 0;
}

int fd_read_file_at(int dirfd, const char *path, size_t max, char **ret_buffer, size_t *ret_len)
{
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return fd_read_all(fd, max, ret_buffer, ret_len);
}

ssize_t fd_read_small_at(int dirfd, const char *path, char *buffer, size_t size)
{
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;

	ssize_t n = fd_read_exact(fd, buffer, size);
	if (n < 0)
		return n;
	if ((size_t)n == size)
		return -EFBIG;
	buffer[n] = '\0';
	return n;
}

int fd_open_regular_in_root(int root_fd, const char *path)
{
	uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	auto_fd int seen = sys_openat2(root_fd, path, O_PATH, resolve);
	if (seen < 0)
		return -errno;

	struct stat st, opened;
	if (fstat(seen, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	// O_NONBLOCK and the second look: the name may have been given to a FIFO in between.
	auto_fd int fd = sys_openat2(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, resolve);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &opened) < 0)
		return -errno;
	if (!S_ISREG(opened.st_mode))
		return -EINVAL;
	return take_fd(&fd);
}

int fd_open_regular(const char *path)
{
	struct stat st;
	auto_fd int seen = open(path, O_PATH | O_CLOEXEC);

	if (seen < 0 || fstat(seen, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	// Not through /proc/self/fd, which need not be there; so looked at again.
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? take_fd(&fd) : -EINVAL;
}

ssize_t fd_read_exact(int fd, void *buffer, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)buffer + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int fd_write_all(int fd, const void *buffer, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, (const char *)buffer + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

void fd_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int fd_cloexec_all(void)
{
	if (sys_close_range_cloexec(3, UINT_MAX) == 0)
		return 0;

	auto_dir DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return -errno;
	for (struct dirent *entry; (entry = readdir(dir));) {
		uint64_t fd;
		if (number_parse_u64(entry->d_name, &fd) < 0 || fd < 3 || fd > INT_MAX)
			continue;
		if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
			return -errno;
	}
	return 0;
}

void fd_close_from(int first)
{
	enum { FD_LIMIT = 65536 };

	if (sys_close_range((unsigned)first, UINT_MAX) == 0)
		return;
	long open_max = sysconf(_SC_OPEN_MAX);
	int end = open_max < 0 || open_max > FD_LIMIT ? FD_LIMIT : (int)open_max;
	for (int fd = first; fd < end; fd++)
		close(fd);
}

int fd_fill_standard(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		// The lowest free number is FD itself, since those below it are open.
		if (open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return -errno;
	}
	return 0;
}
