// SPDX-License-Identifier: GPL-2.0-or-later
// Which CPU a child runs on, or waits for.
#include "clock.h"
#include "cpus.h"
#include "unit.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// A child that runs all the time, or sleeps.
static pid_t start(bool runs)
{
	pid_t pid = fork();

	check_true(pid >= 0);
	if (pid == 0) {
		alarm(60);
		while (!runs)
			pause();
		for (;;)
			;
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	check_int(waitpid(pid, NULL, 0), pid);
}

static void need_cpus(void)
{
	if (!cpus_are_several())
		cannot_run("a second CPU");
}

static cpu_set_t cpus_of(pid_t pid)
{
	cpu_set_t cpus;

	check_int(sched_getaffinity(pid, sizeof(cpus), &cpus), 0);
	return cpus;
}

// The kernel counts how often a process gets a CPU.
static void need_counts(void)
{
	unsigned long ran, waited, arrivals = 0;
	FILE *file = fopen("/proc/self/schedstat", "re");

	if (!file || fscanf(file, "%lu %lu %lu", &ran, &waited, &arrivals) != 3 || arrivals == 0)
		cannot_run("/proc/PID/schedstat: CONFIG_SCHED_INFO");
	fclose(file);
}

// How many of 1000 looks at PID see it wait, while we have a CPU.
static int count_waits(pid_t pid)
{
	int waits = 0;

	for (int i = 0; i < 1000; i++)
		waits += cpus_is_waiting(pid);
	return waits;
}

// Binds us to the CPU that we are on.
static void stay(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	check_int(sched_setaffinity(0, sizeof(one), &one), 0);
}

Test(cpus, child_that_shares_our_cpu_waits)
{
	need_counts();
	stay();
	pid_t pid = start(true);
	// It may have our CPU now and then, but not while we look.
	check_true(count_waits(pid) > 900);
	end(pid);
}

Test(cpus, child_that_sleeps_does_not_wait)
{
	stay();
	pid_t pid = start(false);
	usleep(100000);
	check_int(count_waits(pid), 0);
	end(pid);
	check_false(cpus_is_waiting(pid)); // it is gone
}

Test(cpus, child_that_runs_elsewhere_does_not_wait)
{
	need_cpus();
	pid_t pid = start(true);
	int cpu = cpus_keep_off(pid);
	uint64_t end_us = clock_now_us() + 20000000;

	check_true(cpu >= 0);
	// Others may want that CPU, too.
	int waits = 1000;
	while (waits > 900 && clock_now_us() < end_us)
		waits = count_waits(pid);
	check_true(waits <= 900);
	cpu_set_t its = cpus_of(pid);
	check_false(CPU_ISSET((size_t)cpu, &its));
	end(pid);
}

// It may have our CPU for a moment, and no longer.
Test(cpus, forked_child_begins_elsewhere)
{
	int cpu = -1, told = -1, pipe_fds[2];

	need_cpus();
	check_int(pipe(pipe_fds), 0);
	pid_t pid = cpus_fork(&cpu);
	if (pid == 0) {
		usleep(10000);
		told = sched_getcpu();
		_exit(write(pipe_fds[1], &told, sizeof(told)) != sizeof(told));
	}
	check_true(pid > 0);
	check_true(cpu >= 0);
	check_int(read(pipe_fds[0], &told, sizeof(told)), sizeof(told));
	check_true(told >= 0 && told != cpu);
	check_int(waitpid(pid, NULL, 0), pid);
}

Test(cpus, forked_child_begins_here_where_there_is_no_other_cpu)
{
	int cpu = 0, status;

	stay();
	pid_t pid = cpus_fork(&cpu);
	if (pid == 0)
		_exit(7);
	check_int(cpu, -1);
	check_int(waitpid(pid, &status, 0), pid);
	check_int(WEXITSTATUS(status), 7);
}

// Taken over, it is where we are, and may go where we may.
Test(cpus, child_that_is_taken_over_comes_to_our_cpu)
{
	cpu_set_t all = cpus_of(0);

	need_cpus();
	need_counts();
	pid_t pid = start(true);
	cpus_keep_off(pid);
	cpus_take_over(pid);
	cpu_set_t its = cpus_of(pid);
	check_true(CPU_EQUAL(&its, &all));
	stay();
	cpus_keep_off(pid);
	cpus_take_over(pid);
	cpu_set_t ours = cpus_of(0);
	its = cpus_of(pid);
	check_true(CPU_EQUAL(&its, &ours));
	check_true(count_waits(pid) > 900);
	end(pid);
}

Test(cpus, child_that_is_brought_here_may_go_nowhere_else)
{
	pid_t pid = start(true);

	cpus_bring_here(pid);
	cpu_set_t its = cpus_of(pid);
	check_int(CPU_COUNT(&its), 1);
	end(pid);
}
