// SPDX-License-Identifier: GPL-2.0-or-later
// Running, watching and killing the helper.
#include "helper.h"

#include "cleanup.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BEGIN_MS = 1000,  // until a helper moves its time on by itself
	SLICE_MS = 20,    // how often it is looked at whether a helper has moved its time
	HELPERS_MAX = 64, // one after the other: each stuck thread costs one
};

enum { EXIT_DONE, EXIT_AGAIN, EXIT_FAILED, EXIT_LATE };

// Says HOW the work has ended, on the pipe that ends with this process; then waits to be killed.
static _Noreturn void end_helper(int told_fd, unsigned char how)
{
	if (write(told_fd, &how, 1) < 0)
		_exit(EXIT_FAILED);
	for (;;)
		pause();
}

static _Noreturn void run_helper(
	struct plan *plan, int (*work)(struct plan *plan), pid_t parent, int told_fd)
{
	sigset_t keys;

	// Nothing may stop this process while it holds threads: no key of the terminal, and no job
	// control of a shell.
	setsid();
	sigemptyset(&keys);
	sigaddset(&keys, SIGTSTP);
	sigaddset(&keys, SIGTTIN);
	sigaddset(&keys, SIGTTOU);
	sigaddset(&keys, SIGINT);
	sigaddset(&keys, SIGHUP);
	sigprocmask(SIG_BLOCK, &keys, NULL);
	// Must not outlive nspeek: the threads would wait for the copy of a reader who is gone.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
	int r = work(plan);
	end_helper(told_fd, r < 0 ? EXIT_FAILED : r > 0 ? EXIT_AGAIN : EXIT_DONE);
}

// When the helper is to be killed. It writes that without asking.
static uint64_t kill_time(const struct plan *plan)
{
	return __atomic_load_n(&plan->kill_at_us, __ATOMIC_RELAXED);
}

// Waits until a helper says on TOLD_FD how its work has ended, ends, or its time is over. Returns
// what it said, EXIT_FAILED, or EXIT_LATE.
static int await(const struct plan *plan, int told_fd)
{
	struct pollfd poll_fd = {.fd = told_fd, .events = POLLIN};
	unsigned char how;

	for (;;) {
		uint64_t now = clock_now_us(), limit = kill_time(plan);
		int left = now < limit ? (int)((limit - now) / 1000) + 1 : 0;
		if (poll(&poll_fd, 1, left < SLICE_MS ? left : SLICE_MS) > 0)
			return read(told_fd, &how, 1) == 1 ? how : EXIT_FAILED;
		if (clock_now_us() >= kill_time(plan))
			return EXIT_LATE;
	}
}

// Takes note of the stops that have ended with the helper.
static void note_pause(struct plan *plan)
{
	uint64_t now = clock_now_us();

	if (plan->held_from == plan->held_to || plan->first_stop_us == 0)
		return;
	plan->paused_us = now - plan->first_stop_us;
	for (size_t i = plan->held_from; i < plan->held_to; i++)
		plan->threads[i].pause_us = (uint32_t)plan->paused_us; // at most
	plan->held_from = plan->held_to = 0;
}

// Takes note that the helper was killed: what it did not come past.
static void note_stuck(struct plan *plan)
{
	if (!plan->one_by_one) {
		plan->one_by_one = true;
		return;
	}
	if (plan->at >= plan->thread_count || !plan_wants(plan, plan->at))
		return;
	plan->rows[plan->at].stuck = true;
	plan->threads[plan->at].status = SNAPSHOT_THREAD_TIMEOUT;
}

void helper_release(pid_t pid)
{
	if (pid > 0)
		kill(pid, SIGKILL);
}

void helper_end(pid_t pid)
{
	helper_release(pid);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

// Starts a helper for JOB; the end of its pipe to *RET_TOLD_FD. Returns its PID or -errno.
static pid_t start(struct plan *plan, const struct helper_job *job, int *ret_told_fd)
{
	pid_t parent = getpid();
	int told[2];

	if (pipe2(told, O_CLOEXEC) < 0)
		return -errno;
	plan_allow(plan, BEGIN_MS);
	pid_t pid = fork();
	if (pid == 0)
		run_helper(plan, job->work, parent, told[1]);
	int saved = errno;
	close(told[1]);
	if (pid < 0) {
		close(told[0]);
		return -saved;
	}
	*ret_told_fd = told[0];
	return pid;
}

int helper_run(struct plan *plan, const struct helper_job *job, pid_t *ret_pid, struct error *err)
{
	int i;

	*ret_pid = 0;
	for (i = 0; i < HELPERS_MAX && clock_now_us() < plan->deadline_us; i++) {
		auto_fd int told_fd = -EBADF;
		pid_t pid = start(plan, job, &told_fd);
		if (pid < 0)
			return fail_sys(err, -pid, "fork", "the helper that captures");
		if (i == 0 && job->meanwhile)
			job->meanwhile(job->meanwhile_arg);
		int how = await(plan, told_fd);
		if (how == EXIT_DONE) {
			*ret_pid = pid;
			return 0;
		}
		helper_end(pid);
		note_pause(plan);
		if (how == EXIT_LATE)
			note_stuck(plan);
		else if (how != EXIT_AGAIN)
			return fail(err, ERROR_SYSTEM, EIO,
				"the process that captures the threads of %d did not end as it "
				"should",
				plan->pid);
	}
	if (i == 0 && job->meanwhile)
		job->meanwhile(job->meanwhile_arg);
	return 0;
}
