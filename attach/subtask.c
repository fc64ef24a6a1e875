// SPDX-License-Identifier: GPL-2.0-or-later
// Short-lived children.
#include "subtask.h"

#include "cleanup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { DEATH_WAIT_MS = 100 };

// The child holds the other end of the pipe as long as it lives.
static bool has_ended(int pipe_fd, int limit_ms)
{
	struct pollfd fd = {.fd = pipe_fd};
	int r;

	do
		r = poll(&fd, 1, limit_ms);
	while (r < 0 && errno == EINTR);
	return r != 0;
}

static _Noreturn void run_child(int (*run)(void *arg), void *arg, int pipe_fd)
{
	struct pollfd fd = {.fd = pipe_fd};

	// The parent may have died before we asked to die with it; its pid says nothing in another
	// PID namespace.
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || (poll(&fd, 1, 0) == 1 && fd.revents & POLLERR))
		_exit(ECHILD);
	int r = run(arg);
	_exit(r < 0 ? -r : 0); // an errno fits into an exit status
}

int subtask_run(int (*run)(void *arg), void *arg, int limit_ms)
{
	int ends[2], status;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	auto_fd int read_end = ends[0], write_end = ends[1];
	pid_t child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		close_fd(&read_end);
		run_child(run, arg, write_end);
	}
	close_fd(&write_end);
	bool ended = has_ended(read_end, limit_ms);
	if (!ended) {
		kill(child, SIGKILL);
		if (!has_ended(read_end, DEATH_WAIT_MS))
			return -ETIMEDOUT;
	}
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	if (!ended)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}
