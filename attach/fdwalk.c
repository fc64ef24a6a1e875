// SPDX-License-Identifier: GPL-2.0-or-later
// Walking /proc/PID/fd of each PID.
#include "fdwalk.h"

#include "cleanup.h"
#include "number.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/syscall.h>

static void tell_file(const struct fdwalk_visitor *visitor, int fds_fd, const char *name)
{
	char link[PATH_MAX];
	ssize_t len = readlinkat(fds_fd, name, link, sizeof(link) - 1);

	if (len < 0)
		return;
	link[len] = '\0';
	visitor->file(visitor->arg, name, link);
}

// Not by readdir(3), which costs each process more than its fds do.
static void walk_process(
	const struct context_run *run, const struct fdwalk_visitor *visitor, const char *name)
{
	_Alignas(struct dirent64) char entries[4096];
	char path[32];
	pid_t pid;
	long len;

	if (number_parse_pid(name, &pid) < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	auto_fd int fds_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds_fd < 0)
		return;
	visitor->process(visitor->arg, pid, fds_fd);
	while (!context_is_late(run) &&
		(len = syscall(SYS_getdents64, fds_fd, entries, sizeof(entries))) > 0)
		for (long at = 0; at < len;) {
			const struct dirent64 *entry = (const void *)(entries + at);
			if (entry->d_name[0] != '.')
				tell_file(visitor, fds_fd, entry->d_name);
			at += entry->d_reclen;
		}
}

void fdwalk_all(const struct context_run *run, const struct fdwalk_visitor *visitor)
{
	auto_dir DIR *dir = opendir("/proc");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) && !context_is_late(run))
		walk_process(run, visitor, entry->d_name);
}
