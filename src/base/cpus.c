// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpus.h"

#include <sched.h>

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
