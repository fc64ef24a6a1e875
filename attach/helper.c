// SPDX-License-Identifier: GPL-2.0-or-later
// Running, watching and killing the helper.
#include "helper.h"

#include "cleanup.h"
#include "clock.h"
#include "sys.h"

#include <errno.h>
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

enum { EXIT_DONE, EXIT_AGAIN, EXIT_FAILED };

static _Noreturn void run_helper(struct plan *plan, int (*work)(struct plan *plan), pid_t parent)
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
	_exit(r < 0 ? EXIT_FAILED : r > 0 ? EXIT_AGAIN : EXIT_DONE);
}

// When the helper is to be killed. It writes that without asking.
static uint64_t kill_time(const struct plan *plan)
{
	return __atomic_load_n(&plan->kill_at_us, __ATOMIC_RELAXED);
}

// Waits for helper PID until it ends or its time is over, then kills it, and says so in
// *RET_KILLED. Returns its wait status, or -1.
static int reap(const struct plan *plan, pid_t pid, bool *ret_killed)
{
	auto_fd int pidfd = sys_pidfd_open(pid, 0);
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	int status;

	for (*ret_killed = false;;) {
		uint64_t now = clock_now_us(), limit = kill_time(plan);
		int left = now < limit ? (int)((limit - now) / 1000) + 1 : 0;
		if (left > SLICE_MS)
			left = SLICE_MS;
		int r = poll(&poll_fd, 1, pidfd >= 0 ? left : 1);
		if (r > 0 || (r == 0 && pidfd < 0 && waitpid(pid, &status, WNOHANG | WNOWAIT) > 0))
			break;
		if (clock_now_us() < kill_time(plan))
			continue;
		kill(pid, SIGKILL);
		*ret_killed = true;
		break;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1; // neither an exit nor a signal
	return status;
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

int helper_run(struct plan *plan, int (*work)(struct plan *plan), struct error *err)
{
	pid_t parent = getpid();

	for (int i = 0; i < HELPERS_MAX && clock_now_us() < plan->deadline_us; i++) {
		plan_allow(plan, BEGIN_MS);
		pid_t pid = fork();
		if (pid < 0)
			return fail_sys(err, errno, "fork", "the helper that captures");
		if (pid == 0)
			run_helper(plan, work, parent);
		bool killed;
		int status = reap(plan, pid, &killed);
		note_pause(plan);
		if (killed)
			note_stuck(plan);
		else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE)
			return 0;
		else if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_AGAIN)
			return fail(err, ERROR_SYSTEM, EIO,
				"the process that captures the threads of %d did not end as it "
				"should",
				plan->pid);
	}
	return 0;
}
