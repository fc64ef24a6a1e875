// SPDX-License-Identifier: GPL-2.0-or-later
// Opening perf maps.
#include "perfmap_open.h"

#include "cleanup.h"
#include "fd.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

enum { SLACK_S = 2, STAT_MAX = 4096 }; // clocks are not read at one instant; ticks are rounded

// When TARGET's process began, in seconds since 1970 by the clock as it is set now, into *RET.
static bool find_start(const struct target *target, int64_t *ret)
{
	char text[STAT_MAX];
	struct timespec since_boot, now;
	uint64_t ticks;
	long hz = sysconf(_SC_CLK_TCK);
	ssize_t len = fd_read_small_at(target->proc_fd, "stat", text, sizeof(text));

	if (len < 0 || hz <= 0 || proc_stat_start(text, (size_t)len, &ticks) < 0 ||
		clock_gettime(CLOCK_BOOTTIME, &since_boot) < 0 ||
		clock_gettime(CLOCK_REALTIME, &now) < 0)
		return false;
	*ret = now.tv_sec - (since_boot.tv_sec - (int64_t)(ticks / (uint64_t)hz));
	return true;
}

static bool may_be_used(int fd, const struct proc_status *status, int64_t start_s)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_mtim.tv_sec + SLACK_S < start_s)
		return false;
	return st.st_uid == status->uid[1] || st.st_uid == status->uid[3] ||
	       (st.st_uid == 0 && st.st_mode & S_IROTH);
}

int perfmap_open(const struct target *target, unsigned place, unsigned *ret_place)
{
	auto_fd int root = openat(target->task_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct proc_status status;
	int64_t start_s;
	char path[40];

	if (root < 0 || target_read_status(target, target->pid, &status) < 0 ||
		!find_start(target, &start_s))
		return -ENOENT;
	for (size_t i = place; i < status.ns_pid_count; i++) {
		snprintf(path, sizeof(path), "/tmp/perf-%d.map",
			status.ns_pid[status.ns_pid_count - 1 - i]);
		auto_fd int fd = fd_open_regular_in_root(root, path);
		if (fd < 0 || !may_be_used(fd, &status, start_s))
			continue;
		*ret_place = (unsigned)i;
		return take_fd(&fd);
	}
	return -ENOENT;
}
