// SPDX-License-Identifier: GPL-2.0-or-later
// Clocks of time namespaces.
#include "targetclock.h"

#include "cleanup.h"
#include "fd.h"
#include "timens.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

static bool is_one(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

// True when the process of PROC_FD has its children in its own time namespace, which is that of
// OWN.
static bool is_for_children(int proc_fd, const struct stat *own)
{
	struct stat st;

	return fstatat(proc_fd, "ns/time_for_children", &st, 0) == 0 && is_one(&st, own);
}

// By how many nanoseconds the clock of the process of PROC_FD, whose time namespace is that of OWN,
// is before the host's, into *RET.
static int read_offset(int proc_fd, const struct stat *own, int64_t *ret)
{
	struct timens_offsets offsets;
	char text[256];

	if (!is_for_children(proc_fd, own))
		return -EXDEV;
	ssize_t len = fd_read_small_at(proc_fd, "timens_offsets", text, sizeof(text));
	if (len < 0)
		return (int)len;
	if (timens_parse(text, (size_t)len, &offsets) < 0 || !is_for_children(proc_fd, own))
		return -EXDEV;
	const struct timens_offset *offset = &offsets.monotonic;
	if (offset->seconds > INT32_MAX || offset->seconds < INT32_MIN)
		return -EXDEV; // the kernel takes more, and the sum must not overflow
	*ret = offset->seconds * 1000000000 + offset->nanoseconds;
	return 0;
}

int targetclock_read(const struct target *target, uint64_t *ret_ns)
{
	auto_fd int self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat theirs, ours;
	struct timespec now;
	int64_t their_offset = 0, our_offset = 0;
	int r = 0;

	if (self_fd < 0)
		return -errno;
	// A kernel without time namespaces has one clock.
	bool any = fstatat(self_fd, "ns/time", &ours, 0) == 0;
	if (!any && errno != ENOENT)
		return -errno;
	if (any && fstatat(target->task_fd, "ns/time", &theirs, 0) < 0)
		return -errno;
	if (any && !is_one(&theirs, &ours) &&
		((r = read_offset(target->proc_fd, &theirs, &their_offset)) < 0 ||
			(r = read_offset(self_fd, &ours, &our_offset)) < 0))
		return r;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t ns = now.tv_sec * 1000000000 + now.tv_nsec - our_offset + their_offset;
	if (ns <= 0)
		return -EXDEV;
	*ret_ns = (uint64_t)ns;
	return 0;
}
