// SPDX-License-Identifier: GPL-2.0-or-later
// On which CPU a child is to run: Linux would start it on ours, and wake it there, where it waits
// until we sleep. sched(7), sched_setaffinity(2).
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// True when we may use more than one CPU.
bool cpus_are_several(void);

// Keeps process PID off the CPU that we are on. Returns that, or -1 when there is no other one, or
// it may not be done.
int cpus_keep_off(pid_t pid);

// fork(2) of a child that is kept off our CPU from its beginning. One that gets it nevertheless, as
// a new process may before its parent goes on, yields first. To *RET_CPU, in the parent of a child,
// what cpus_keep_off() returned.
pid_t cpus_fork(int *ret_cpu);

// How often process PID has got a CPU; 0: it is not counted, or not known.
// Source: /proc/PID/schedstat, sched-stats.txt.
uint64_t cpus_count_arrivals(pid_t pid);

// True when process PID could run, but has no CPU. Where the kernel does not count how often it got
// one, nothing is known, and this is false.
bool cpus_is_waiting(pid_t pid);

// Has process PID wait for our CPU, which we will leave it, and not for the one where it is.
void cpus_take_over(pid_t pid);

// Lets process or thread PID, which is to end or to die, do so on our CPU, and on no other: one
// that another process has for itself. Whoever waits for it then leaves it that.
void cpus_bring_here(pid_t pid);
