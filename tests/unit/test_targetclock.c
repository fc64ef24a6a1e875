// SPDX-License-Identifier: GPL-2.0-or-later
// Clocks of processes in time namespaces of their own; without the privilege for one, of those in
// ours only.
#include "targetclock.h"
#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

enum { OFFSET_S = 100000 };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// Has the children of this process in a time namespace OFFSET_S before ours.
static bool move_children(void)
{
	static const char text[] = "monotonic 100000 0";

	if (unshare(CLONE_NEWTIME) < 0)
		return false;
	int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	bool moved = fd >= 0 && write(fd, text, sizeof(text) - 1) == sizeof(text) - 1;
	close(fd);
	return moved;
}

// A process that says that it is there, and waits: in a namespace of its own if OWN, whose children
// would be in another one if PARTED. Its id, or 0 where that is not permitted.
static pid_t make_process(bool own, bool parted)
{
	int ends[2];
	char byte = 0;

	check_int(pipe(ends), 0);
	pid_t first = fork();
	if (first == 0) {
		if (own && !move_children())
			_exit(1);
		pid_t pid = fork();
		if (pid == 0) {
			if (parted && unshare(CLONE_NEWTIME) < 0)
				_exit(1);
			pid = getpid();
			if (write(ends[1], &pid, sizeof(pid)) == sizeof(pid))
				pause();
		}
		_exit(byte);
	}
	waitpid(first, NULL, 0);
	close(ends[1]);
	pid_t pid = 0;
	if (read(ends[0], &pid, sizeof(pid)) != sizeof(pid))
		pid = 0;
	close(ends[0]);
	return pid;
}

// Reads the clock of process PID, which ends then.
static int read_clock(pid_t pid, uint64_t *ret_ns)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};

	check_int(target_open(pid, &target, &err), 0);
	int r = targetclock_read(&target, ret_ns);
	target_fini(&target);
	kill(pid, SIGKILL);
	return r;
}

Test(targetclock, ours)
{
	uint64_t before = now_ns(), ns = 0;

	check_int(read_clock(make_process(false, false), &ns), 0);
	check_true(ns >= before && ns <= now_ns());
	check_no_leak();
}

Test(targetclock, of_another_namespace)
{
	pid_t pid = make_process(true, false);
	uint64_t before = now_ns(), ns = 0;
	const uint64_t offset_ns = (uint64_t)OFFSET_S * 1000000000;

	if (pid == 0)
		return;
	check_int(read_clock(pid, &ns), 0);
	check_true(ns >= before + offset_ns && ns <= now_ns() + offset_ns);
	check_no_leak();
}

// What the kernel tells are the offsets of the children's.
Test(targetclock, of_one_whose_children_are_elsewhere)
{
	pid_t pid = make_process(true, true);
	uint64_t ns = 7;

	if (pid == 0)
		return;
	check_int(read_clock(pid, &ns), -EXDEV);
	check_u64(ns, 7);
	check_no_leak();
}
