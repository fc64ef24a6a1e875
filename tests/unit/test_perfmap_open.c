// SPDX-License-Identifier: GPL-2.0-or-later
// Which perf map is a process's, and what is opened for one.
#include "cleanup.h"
#include "perfmap_open.h"
#include "scratch_root.h"

#include <time.h>

static struct scratch_root root;
static struct target target;

// A target, 12 and 3 inside, that began ten seconds ago, whose root is a scratch directory.
static void begin(void)
{
	struct timespec now;
	char text[300];

	root = scratch_root_new();
	snprintf(text, sizeof(text),
		"cd %s && ln -s %s root && mkdir -p tmp etc task/12 && echo secret >etc/secret",
		root.path, root.path);
	check_int(system(text), 0);
	snprintf(text, sizeof(text),
		"Name:\tx\nState:\tS (sleeping)\nTgid:\t12\nUid:\t%d\t%d\t%d\t%d\nNSpid:\t12\t3\n",
		4711, 4712, 4711, 4713);
	scratch_root_write(&root, "task/12/status", text, strlen(text), 0644);
	clock_gettime(CLOCK_BOOTTIME, &now);
	long long ticks = (now.tv_sec - 10) * sysconf(_SC_CLK_TCK);
	snprintf(text, sizeof(text),
		"12 (a ) b) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %lld 1 2 3\n", ticks);
	scratch_root_write(&root, "stat", text, strlen(text), 0644);
	target = (struct target){.pid = 12, .tid = 12, .proc_fd = root.fd, .task_fd = root.fd};
}

static void put(const char *path, uid_t uid, mode_t mode)
{
	scratch_root_write(&root, path, path, strlen(path), mode);
	check_int(fchmodat(root.fd, path, mode, 0), 0);
	check_int(fchownat(root.fd, path, uid, uid, 0), 0);
}

static void check_found(unsigned from, const char *path, unsigned place)
{
	char text[100] = "";
	unsigned found = 99;
	auto_fd int fd = perfmap_open(&target, from, &found);

	cr_assert(fd >= 0, "%s: %s", path, strerror(-fd));
	check_true(read(fd, text, sizeof(text) - 1) > 0);
	check_str(text, path);
	check_int(found, place);
}

static void check_none(unsigned from)
{
	unsigned found = 99;

	check_int(perfmap_open(&target, from, &found), -ENOENT);
	check_int(found, 99);
}

Test(perfmap_open, by_the_pid_inside_first, .init = begin)
{
	if (geteuid() != 0)
		cannot_run("files are given to others: CAP_CHOWN is needed");
	check_none(0);
	put("tmp/perf-12.map", 4712, 0600);
	check_found(0, "tmp/perf-12.map", 1);
	put("tmp/perf-3.map", 4713, 0600);
	check_found(0, "tmp/perf-3.map", 0);
	check_found(1, "tmp/perf-12.map", 1);
	check_none(2);
	check_none(UINT32_MAX);
	scratch_root_fini(&root);
}

Test(perfmap_open, of_somebody_else, .init = begin)
{
	if (geteuid() != 0)
		cannot_run("files are given to others: CAP_CHOWN is needed");
	put("tmp/perf-3.map", 4714, 0644);
	check_none(0);
	put("tmp/perf-3.map", 0, 0600); // root's own secret
	check_none(0);
	put("tmp/perf-3.map", 0, 0644);
	check_found(0, "tmp/perf-3.map", 0);
	scratch_root_fini(&root);
}

// Of a process that had the PID before.
Test(perfmap_open, older_than_the_process, .init = begin)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = time(NULL) - 60}};

	if (geteuid() != 0)
		cannot_run("files are given to others: CAP_CHOWN is needed");
	put("tmp/perf-3.map", 4712, 0600);
	check_int(utimensat(root.fd, "tmp/perf-3.map", times, 0), 0);
	check_none(0);
	scratch_root_fini(&root);
}

Test(perfmap_open, what_is_no_file, .init = begin)
{
	check_int(mkfifoat(root.fd, "tmp/perf-3.map", 0644), 0);
	check_none(0);
	check_int(unlinkat(root.fd, "tmp/perf-3.map", 0), 0);
	check_int(symlinkat("/proc/self/status", root.fd, "tmp/perf-3.map"), 0);
	check_none(0);
	check_int(unlinkat(root.fd, "tmp/perf-3.map", 0), 0);
	check_int(symlinkat("../../../../../../etc/passwd", root.fd, "tmp/perf-3.map"), 0);
	check_none(0);
	scratch_root_fini(&root);
}
