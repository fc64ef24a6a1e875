// SPDX-License-Identifier: GPL-2.0-or-later
// The scheduler's clocks.
#include "waited.h"

#include "cleanup.h"
#include "clock.h"
#include "cpus.h"
#include "fd.h"
#include "proc_wait.h"
#include "timens.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const uint64_t NS_PER_S = 1000000000, NS_PER_MS = 1000000;

enum {
	RAN_LOST = 4, // at most one part in so many of a run went to interrupts and hypervisors
	CPUS_MAX = 1 << 13, // that Linux has
	NEAR_MAX = 16,      // threads that are looked at while others wait for us
	SCHED_SIZE = 4096,  // bytes of a file
	STAT_SIZE = 1024,
	LOOKS_MAX = 3, // at a process that runs meanwhile
};

static uint64_t ms_between(uint64_t from_ns, uint64_t to_ns)
{
	// A CPU's clock may be a moment behind another's.
	return to_ns > from_ns ? (to_ns - from_ns) / NS_PER_MS : 0;
}

bool waited_of_notes(const struct waited_notes *notes, uint64_t *ret_ms)
{
	if (notes->arrived == 0)
		return false;
	uint64_t waited_ms = ms_between(notes->arrived + notes->ran, notes->now);
	if (!waited_may_be_wrong_by(notes->ran / RAN_LOST / 1000, waited_ms * NS_PER_MS))
		return false;
	*ret_ms = waited_ms;
	return true;
}

bool waited_clock_is_good(uint64_t now_ns, uint64_t uptime_ns)
{
	uint64_t lag = now_ns > uptime_ns ? now_ns - uptime_ns : uptime_ns - now_ns;

	return lag <= NS_PER_S + uptime_ns / WAITED_ERROR_PART;
}

// True when how long THREAD has waited is not known yet, and /proc can tell it.
static bool is_wanted(const struct snapshot_thread *thread)
{
	return thread->status == SNAPSHOT_THREAD_CAPTURED &&
	       thread->method == SNAPSHOT_METHOD_PROC && thread->state != 'R' &&
	       !thread->wait.waited_known;
}

static bool read_sched(int dirfd, const char *path, struct proc_sched *ret)
{
	char text[SCHED_SIZE];
	ssize_t len = fd_read_small_at(dirfd, path, text, sizeof(text));

	return len > 0 && proc_sched_parse(text, (size_t)len, ret) == 0;
}

static bool read_stat(int dirfd, const char *path, struct proc_stat *ret)
{
	char text[STAT_SIZE];
	ssize_t len = fd_read_small_at(dirfd, path, text, sizeof(text));

	return len > 0 && proc_stat_parse(text, (size_t)len, ret) == 0;
}

// True when a thread has neither run nor been sent to another CPU between two looks. A CPU's number
// changes after the latter was counted, but before the time is cleared that is another CPU's.
static bool is_same(const struct proc_sched *before, const struct proc_sched *after)
{
	return after->switches == before->switches && after->ran_until_ns == before->ran_until_ns &&
	       after->migrations == before->migrations;
}

// When a thread left its CPU, and which that was.
struct departure {
	uint64_t at_ns; // by that CPU's clock; 0: not known
	uint32_t cpu;
};

// That of THREAD, if it has been blocked ever since it was captured.
static struct departure read_departure(
	const struct target *target, const struct snapshot_thread *thread)
{
	const struct departure none = {0};
	int proc_fd = target->proc_fd;
	char sched_path[64], stat_path[64];
	struct proc_sched before, after;
	struct proc_stat stat;

	snprintf(sched_path, sizeof(sched_path), "task/%d/sched", thread->tid);
	snprintf(stat_path, sizeof(stat_path), "task/%d/stat", thread->tid);
	if (!read_sched(proc_fd, sched_path, &before) || before.switches != thread->switches)
		return none;
	if (!read_stat(proc_fd, stat_path, &stat) || stat.state == 'R')
		return none;
	// Had it run at the first look, it would have left a CPU since; at this one, the time would
	// be another. And what is runnable may be on its way to another CPU.
	if (!read_sched(proc_fd, sched_path, &after) || !is_same(&before, &after))
		return none;
	return (struct departure){after.ran_until_ns, stat.cpu};
}

static uint64_t ns_of(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
}

// Whether NOW_NS, of a CPU's clock, tells durations, whatever the time namespace that we are in
// makes of the time since the system began.
static bool is_good(uint64_t now_ns)
{
	struct timens_offsets offsets = {0};
	struct timespec uptime;
	char text[256];

	clock_gettime(CLOCK_MONOTONIC, &uptime);
	if (waited_clock_is_good(now_ns, ns_of(&uptime)))
		return true;
	ssize_t len = fd_read_small_at(AT_FDCWD, "/proc/self/timens_offsets", text, sizeof(text));
	return len >= 0 && timens_parse(text, (size_t)len, &offsets) == 0 &&
	       waited_clock_is_good(now_ns, ns_of(&uptime) -
						    (uint64_t)offsets.monotonic.seconds * NS_PER_S -
						    offsets.monotonic.nanoseconds);
}

// The present by the clock of the CPU that we are on; 0: not known.
static uint64_t read_own(void)
{
	struct timespec used;
	struct proc_sched own;

	// Asking for the time that this thread has used has it noted that it runs until now.
	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) < 0 ||
		!read_sched(AT_FDCWD, "/proc/self/sched", &own) || !is_good(own.ran_until_ns))
		return 0;
	return own.ran_until_ns;
}

// The present by the clock of CPU, to which this process goes; 0: not known.
static uint64_t read_present(uint32_t cpu)
{
	cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
	size_t size = CPU_ALLOC_SIZE(CPUS_MAX);

	if (!set)
		return 0;
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	int r = cpu < CPUS_MAX ? sched_setaffinity(0, size, set) : -1;
	CPU_FREE(set);
	return r < 0 ? 0 : read_own();
}

// Tells how long all threads have waited that have left CPU.
static void tell(struct context_run *run, struct departure *departures, uint32_t cpu)
{
	uint64_t now = read_present(cpu);
	const struct waited_clock clock = {cpu, now, clock_now_us()};

	if (now != 0)
		waited_clocks_note(&run->room->clocks, &clock);
	for (size_t i = 0; i < run->snapshot->thread_count; i++) {
		struct context_wait *wait = &run->room->waits[i];
		uint64_t at = departures[i].at_ns;
		if (at == 0 || departures[i].cpu != cpu)
			continue;
		departures[i].at_ns = 0;
		if (now == 0)
			continue;
		wait->waited_ms = ms_between(at, now);
		__atomic_store_n(&wait->waited_known, true, __ATOMIC_RELEASE);
	}
}

void waited_read(struct context_run *run)
{
	const struct snapshot *snapshot = run->snapshot;
	auto_free struct departure *departures =
		calloc(snapshot->thread_count, sizeof(*departures));

	for (size_t i = 0; departures && i < snapshot->thread_count && !context_is_late(run); i++)
		if (is_wanted(&snapshot->threads[i]))
			departures[i] = read_departure(run->target, &snapshot->threads[i]);
	for (size_t i = 0; departures && i < snapshot->thread_count && !context_is_late(run); i++)
		if (departures[i].at_ns != 0)
			tell(run, departures, departures[i].cpu);
}

// Notes the present by our CPU's clock, if it is known.
static void note_own(struct waited_clocks *clocks)
{
	int cpu = sched_getcpu();
	uint64_t now_ns = read_own();
	const struct waited_clock clock = {(uint32_t)cpu, now_ns, clock_now_us()};

	if (now_ns != 0 && cpu >= 0 && cpu == sched_getcpu())
		waited_clocks_note(clocks, &clock);
}

// A CPU, and a moment not long ago by its clock.
struct moment {
	uint64_t at_ns; // 0: not known
	uint32_t cpu;
	uint64_t age_us; // at most
};

// When and where BESIDE last had a CPU; not known while it is on its way to another one, or gets or
// leaves it between any two looks.
static struct moment moment_of(const struct waited_beside *beside)
{
	const struct moment none = {0};
	char sched_path[64], stat_path[64];
	struct proc_sched before, after;
	struct proc_stat stat;

	snprintf(sched_path, sizeof(sched_path), "/proc/%d/sched", beside->pid);
	snprintf(stat_path, sizeof(stat_path), "/proc/%d/stat", beside->pid);
	if (beside->pid <= 0 || !read_sched(AT_FDCWD, sched_path, &after))
		return none;
	for (int i = 0; i < LOOKS_MAX; i++) {
		before = after;
		uint64_t arrivals = cpus_count_arrivals(beside->pid);
		if (!read_stat(AT_FDCWD, stat_path, &stat) ||
			!read_sched(AT_FDCWD, sched_path, &after))
			return none;
		// One that has got a CPU once more than it has left one is on it. But what only
		// waits for one may have been sent there just before, with the last one's time.
		if (is_same(&before, &after) &&
			(stat.state != 'R' || arrivals == after.switches + 1))
			return (struct moment){is_good(after.ran_until_ns) ? after.ran_until_ns : 0,
				stat.cpu, clock_now_us() - beside->since_us};
	}
	return none;
}

// What is known of the clocks that waited_read_near() can read.
struct near {
	struct waited_clocks *clocks;
	const struct waited_beside *beside;
	bool own_asked, beside_asked;
	struct moment moment; // of the latter
};

// What the clock of the CPU says that DEPARTURE is of, or said a moment ago that may be neglected,
// to *RET_NS. Returns false when it cannot be told from here.
static bool tell_present(struct near *near, const struct departure *departure, uint64_t *ret_ns)
{
	const struct moment *moment = &near->moment;
	const uint32_t cpu = departure->cpu;
	const uint64_t from_ns = departure->at_ns;

	if (waited_clocks_tell(near->clocks, cpu, clock_now_us(), from_ns, ret_ns))
		return true;
	if (!near->own_asked)
		note_own(near->clocks);
	near->own_asked = true;
	if (waited_clocks_tell(near->clocks, cpu, clock_now_us(), from_ns, ret_ns))
		return true;
	if (!near->beside_asked)
		near->moment = moment_of(near->beside);
	near->beside_asked = true;
	*ret_ns = moment->at_ns;
	return moment->cpu == cpu && moment->at_ns >= from_ns &&
	       waited_may_be_wrong_by(moment->age_us, moment->at_ns - from_ns);
}

bool waited_read_near(const struct target *target, struct snapshot *snapshot,
	const struct waited_beside *beside, struct waited_clocks *clocks)
{
	struct near near = {.clocks = clocks, .beside = beside};
	size_t wanted = 0, others = 0;

	for (size_t i = 0; i < snapshot->thread_count; i++)
		wanted += is_wanted(&snapshot->threads[i]);
	if (wanted > NEAR_MAX)
		return true;
	for (size_t i = 0; i < snapshot->thread_count; i++) {
		struct snapshot_thread *thread = &snapshot->threads[i];
		if (!is_wanted(thread))
			continue;
		struct departure departure = read_departure(target, thread);
		uint64_t now_ns;
		if (departure.at_ns == 0)
			continue;
		thread->wait.waited_known = tell_present(&near, &departure, &now_ns);
		if (thread->wait.waited_known)
			thread->wait.waited_ms = ms_between(departure.at_ns, now_ns);
		else
			others++;
	}
	return others > 0;
}
