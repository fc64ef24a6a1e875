// SPDX-License-Identifier: GPL-2.0-or-later
// The worker's keeper: starts it, serves its requests, checks its answers, ends it.
#include "inspect.h"

#include "answers.h"
#include "cleanup.h"
#include "clock.h"
#include "sandbox.h"
#include "sys.h"
#include "wire.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

enum {
	REQUESTS_MAX = 1 << 12, // files that one worker may ask for
};

struct keeper {
	int socket;
	pid_t pid;
	const struct snapshot *snapshot;
	const struct inspect_options *options;
	struct answers answers;
	unsigned requests;
	char trouble[STACK_REASON_SIZE]; // why it did not come to the end; empty: it did
	struct wire_record record;
};

// The child's life.
static _Noreturn void run_child(struct keeper *keeper, int socket, pid_t parent)
{
	const struct snapshot *snapshot = keeper->snapshot;
	struct error err = {0};
	size_t count = 0;
	int *keep = calloc(snapshot->module_count + 1, sizeof(*keep));

	if (!keep)
		_exit(1);
	keep[count++] = socket;
	for (size_t i = 0; i < snapshot->module_count; i++)
		if (snapshot->modules[i].fd >= 0)
			keep[count++] = snapshot->modules[i].fd;
	if (sandbox_enter(parent, keep, count, &err) < 0)
		_exit(1);
	free(keep);
	_exit(worker_run(socket, snapshot, &keeper->options->worker) == 0 ? 0 : 1);
}

static int start(struct keeper *keeper, struct error *err)
{
	int sockets[2];
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return fail_sys(err, errno, "socketpair", "the unwinding process");
	keeper->pid = fork();
	if (keeper->pid < 0) {
		int saved = errno;
		close(sockets[0]);
		close(sockets[1]);
		return fail_sys(err, saved, "fork", "the unwinding process");
	}
	if (keeper->pid == 0) {
		close(sockets[0]);
		run_child(keeper, sockets[1], parent);
	}
	close(sockets[1]);
	keeper->socket = sockets[0];
	return 0;
}

static int serve_request(struct keeper *keeper, const struct wire_record *record)
{
	struct inspect_request request = {.build_id = &record->build_id};
	struct wire_record answer = {.type = WIRE_FILE};

	if (record->kind != WIRE_REQUEST_DEBUG || ++keeper->requests > REQUESTS_MAX)
		return -EPROTO;
	auto_fd int fd = keeper->options->open_file(keeper->options->open_file_arg, &request);
	return wire_send(keeper->socket, &answer, fd);
}

// Receives one record. Returns 1 to go on, 0 when the worker is done, or -errno.
static int take_record(struct keeper *keeper)
{
	struct wire_record *record = &keeper->record;
	int fd;
	int r = wire_receive(keeper->socket, record, &fd);

	close_fd(&fd); // a worker has none to give
	if (r <= 0)
		return r < 0 ? r : -EPIPE;
	if (record->type == WIRE_DONE)
		return 0;
	r = record->type == WIRE_REQUEST ? serve_request(keeper, record)
					 : answers_take(&keeper->answers, record);
	return r < 0 ? r : 1;
}

// Takes records until the worker is done. Returns 0, or -errno (-ETIMEDOUT).
static int take_all(struct keeper *keeper)
{
	uint64_t deadline_us = clock_now_us() + (uint64_t)keeper->options->timeout_ms * 1000;
	int r = 1;

	while (r > 0) {
		struct pollfd poll_fd = {.fd = keeper->socket, .events = POLLIN};
		uint64_t now_us = clock_now_us();
		if (now_us >= deadline_us)
			return -ETIMEDOUT;
		int ready = poll(&poll_fd, 1, (int)((deadline_us - now_us + 999) / 1000));
		if (ready > 0)
			r = take_record(keeper);
		else if (ready == 0)
			return -ETIMEDOUT;
		else if (errno != EINTR)
			return -errno;
	}
	return r;
}

// Ends the worker and says in keeper->trouble why it did not come to its end, if it did not.
static void finish(struct keeper *keeper, int r)
{
	int status = 0;

	if (r < 0 && r != -EPIPE)
		kill(keeper->pid, SIGKILL);
	close_fd(&keeper->socket);
	while (waitpid(keeper->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0)
		return;
	if (r == -EPIPE && WIFSIGNALED(status))
		snprintf(keeper->trouble, sizeof(keeper->trouble),
			"the unwinding process was killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		snprintf(keeper->trouble, sizeof(keeper->trouble), "the unwinding process %s",
			r == -ETIMEDOUT ? "did not end in time"
			: r == -EPROTO  ? "gave an answer that is not well formed"
			: r == -ENOMEM  ? "ran out of memory"
					: "gave up");
}

int inspect_run(const struct snapshot *snapshot, const struct inspect_options *options,
	struct stacks *ret, struct error *err)
{
	auto_stacks struct stacks stacks = {0};
	int r = stacks_init(&stacks, snapshot->thread_count, snapshot->module_count);
	struct keeper *keeper = r < 0 ? NULL : calloc(1, sizeof(*keeper));

	if (!keeper)
		return fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the stacks of process %d",
			snapshot->pid);
	*keeper = (struct keeper){.snapshot = snapshot, .options = options};
	keeper->answers = (struct answers){snapshot, options->worker.max_frames, &stacks, 0, 0};
	r = start(keeper, err);
	if (r == 0) {
		finish(keeper, take_all(keeper));
		answers_close(&keeper->answers, keeper->trouble);
		*ret = stacks;
		stacks = (struct stacks){0};
	}
	free(keeper);
	return r;
}
