// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpus.h"

#include "fd.h"
#include "proc.h"
#include "proc_wait.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

enum { TEXT_SIZE = 4096 };

bool cpus_are_several(void)
{
	cpu_set_t ours;

	return sched_getaffinity(0, sizeof(ours), &ours) == 0 && CPU_COUNT(&ours) > 1;
}

int cpus_keep_off(pid_t pid)
{
	cpu_set_t others;
	int cpu = sched_getcpu();

	if (cpu < 0 || sched_getaffinity(0, sizeof(others), &others) < 0)
		return -1;
	CPU_CLR((size_t)cpu, &others);
	bool kept = CPU_COUNT(&others) > 0 && sched_setaffinity(pid, sizeof(others), &others) == 0;
	return kept ? cpu : -1;
}

pid_t cpus_fork(int *ret_cpu)
{
	const int ours = sched_getcpu();
	const pid_t pid = fork();

	if (pid == 0 && sched_getcpu() == ours)
		sched_yield(); // to who is to keep it off
	if (pid > 0)
		*ret_cpu = cpus_keep_off(pid);
	return pid;
}

uint64_t cpus_count_arrivals(pid_t pid)
{
	char path[64], text[TEXT_SIZE];
	uint64_t arrivals;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	ssize_t len = fd_read_small_at(AT_FDCWD, path, text, sizeof(text));
	return len > 0 && proc_schedstat_parse(text, (size_t)len, &arrivals) == 0 ? arrivals : 0;
}

bool cpus_is_waiting(pid_t pid)
{
	char path[64], text[TEXT_SIZE];
	struct proc_status status;
	uint64_t arrivals = cpus_count_arrivals(pid);

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	ssize_t len = fd_read_small_at(AT_FDCWD, path, text, sizeof(text));
	return len > 0 && proc_status_parse(text, (size_t)len, &status) == 0 &&
	       status.state == 'R' && status.switches == arrivals &&
	       (arrivals > 0 || cpus_count_arrivals(getpid()) > 0); // we have one
}

void cpus_take_over(pid_t pid)
{
	cpu_set_t ours;

	cpus_bring_here(pid);
	if (sched_getaffinity(0, sizeof(ours), &ours) == 0)
		sched_setaffinity(pid, sizeof(ours), &ours);
}

void cpus_bring_here(pid_t pid)
{
	cpu_set_t ours;
	int cpu = sched_getcpu();

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&ours);
	CPU_SET((size_t)cpu, &ours);
	sched_setaffinity(pid, sizeof(ours), &ours);
}
