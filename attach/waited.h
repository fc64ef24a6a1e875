// SPDX-License-Identifier: GPL-2.0-or-later
// How long blocked threads have waited.
//
// Theory of operation. The scheduler notes times by clocks of its own, which drift against all
// others; so each is compared with the same clock's present, which is that of a thread of ours that
// runs. Time in which the machine was suspended is in none of them.
//  1. The task iterator tells when a thread last got a CPU, and how long it then ran
//     (task_struct.sched_info.last_arrival, se.sum_exec_runtime): by a clock that is the same for
//     all CPUs, but for the length of the run, which leaves out interrupts and what a hypervisor
//     took (rq_clock_task). So a run that was long, compared with the wait, makes it uncertain, and
//     nothing is told.
//  2. /proc/PID/task/TID/sched tells when a thread left its CPU (se.exec_start), by that CPU's
//     clock, which leaves out all interrupts and all that a hypervisor took since the system began,
//     and so may be hours behind another's. It is compared with the same CPU's: with ours, if that
//     is it, since making a process takes as long as a fifth of all for one thread; or with what it
//     was a moment ago: when it was seen before (waited_clocks.h), or when another process of ours
//     last ran there, our worker; else a child goes to each CPU. What it still leaves out is the
//     part of the wait that went to interrupts of that CPU, and the moment, so it tells somewhat
//     less than it was (or, by a clock that was seen before, as much more as waited_clocks.h
//     allows), and nothing where that part has been large.
// Neither is told of a thread that was stopped to be copied: it ran for that.
#pragma once

#include "contextroom.h"

// The scheduler's notes on a thread, in nanoseconds of its clock.
struct waited_notes {
	uint64_t arrived; // when it last got a CPU; 0: not known
	uint64_t ran;     // how long it then had it, without interrupts
	uint64_t now;     // the present
};

// How long the thread of NOTES, which is blocked, has waited, to *RET_MS. Returns false when they
// do not tell it.
bool waited_of_notes(const struct waited_notes *notes, uint64_t *ret_ms);

// True when the clock of a CPU that is NOW_NS, UPTIME_NS after the system began, has left out so
// little that it tells durations.
bool waited_clock_is_good(uint64_t now_ns, uint64_t uptime_ns);

// Another process of ours.
struct waited_beside {
	pid_t pid;         // 0: there is none
	uint64_t since_us; // if it ever had a CPU it had one at or after this, by clock_now_us()
};

// Reads how long the threads of SNAPSHOT, of TARGET, have waited that were read out of /proc, if
// they are few, and were last on our CPU, on one of which CLOCKS tell, or on that where BESIDE was
// a moment ago; what is seen of clocks is noted there. Returns whether others are left, for
// waited_read().
bool waited_read_near(const struct target *target, struct snapshot *snapshot,
	const struct waited_beside *beside, struct waited_clocks *clocks);

// The same for all threads of RUN of which it is not known yet, noting clocks in its room: for the
// child of contextrun.h, which is then on some other CPU, or held up by what has that for itself.
void waited_read(struct context_run *run);
