// SPDX-License-Identifier: GPL-2.0-or-later
// On which CPU the worker runs: on another one than nspeek, if it gets that.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct placement {
	pid_t pid;             // the worker
	volatile bool *beside; // what it is told (struct work): it shares nspeek's CPU
	int cpu;               // that it does not run on, or -1
	uint64_t beside_us;    // when it was brought to our CPU; 0: it was not
};

// Begins with the worker PID, which hears BESIDE, and was kept off CPU, or -1.
void placement_begin(struct placement *placement, pid_t pid, int cpu, volatile bool *beside);

// Keeps it off our CPU, if there is another one for it: what others had a while ago, they may not
// have any more.
void placement_keep_off(struct placement *placement);

// Leaves it our CPU, if it waits for another that somebody else has.
void placement_help(struct placement *placement);
