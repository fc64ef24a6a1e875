// SPDX-License-Identifier: GPL-2.0-or-later
#include "placement.h"

#include "clock.h"
#include "cpus.h"

#include <sched.h>

enum { BESIDE_US = 100000 }; // that a worker stays on our CPU

void placement_begin(struct placement *placement, pid_t pid, int cpu, volatile bool *beside)
{
	*placement = (struct placement){.pid = pid, .beside = beside, .cpu = cpu};
	*beside = cpu < 0;
}

void placement_keep_off(struct placement *placement)
{
	if (placement->beside_us != 0 && clock_now_us() - placement->beside_us < BESIDE_US)
		return;
	placement->beside_us = 0;
	if (sched_getcpu() != placement->cpu)
		placement->cpu = cpus_keep_off(placement->pid);
	*placement->beside = placement->cpu < 0;
}

void placement_help(struct placement *placement)
{
	if (!cpus_is_waiting(placement->pid))
		return;
	cpus_take_over(placement->pid);
	placement->cpu = -1;
	*placement->beside = true;
	placement->beside_us = clock_now_us();
}
