// SPDX-License-Identifier: GPL-2.0-or-later
// The worker's keeper: starts it, tells it what to do, serves its requests, checks its answers,
// ends it.
#include "inspect.h"

#include "answers.h"
#include "cleanup.h"
#include "clock.h"
#include "wire.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

enum {
	END_MS = 100,             // that a worker which hears us no more has to end by itself
	SPIN_US = 500,            // that it takes a worker to unwind and name a stack or two
	EXPECTED_FEW = 64,        // threads for which nothing is made ready
	EXPECTED_STACK = 6 << 10, // bytes of a stack: what blocked threads need at least
	EXPECTED_MAX = 64 << 20,  // of all
};

struct inspection {
	const struct inspect_options *options;
	struct work_memory work;
	pid_t pid;     // of the worker, or 0
	int status;    // its wait status, when it has none any more
	bool told;     // it was told of modules, and has not come to an end with them
	bool seasoned; // it has come to an end with other modules before
	int failed;    // -errno of telling it, or 0
	struct answers answers;
	unsigned requests;
	int cpu;                         // that the worker does not run on, or -1
	char trouble[STACK_REASON_SIZE]; // why it did not come to the end; empty: it did
	// Large, and not zero in the beginning:
	struct wire_record record;
	struct wire_in in; // from the worker
};

// Keeps the worker off our CPU, if there is another one: Linux would start it there, and wake it
// there, where it waits until we sleep.
static void keep_worker_off(struct inspection *inspection)
{
	cpu_set_t others;
	int cpu = sched_getcpu();

	if (cpu < 0 || cpu == inspection->cpu || sched_getaffinity(0, sizeof(others), &others) < 0)
		return;
	CPU_CLR((size_t)cpu, &others);
	bool kept = CPU_COUNT(&others) > 0 &&
		    sched_setaffinity(inspection->pid, sizeof(others), &others) == 0;
	inspection->cpu = kept ? cpu : -1;
}

static int start(struct inspection *inspection, struct error *err)
{
	uint32_t timeout_ms = inspection->options->timeout_ms;
	const struct timeval timeout = {
		.tv_sec = timeout_ms / 1000 + 1, .tv_usec = timeout_ms % 1000 * 1000};
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return fail_sys(err, errno, "socketpair", "the unwinding process");
	// It cannot make us wait by not listening.
	setsockopt(sockets[0], SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	inspection->work.work->options =
		inspection->options->worker; // another one may have written
	inspection->work.work->keeper = getpid();
	inspection->work.work->socket = sockets[1];
	inspection->pid = fork();
	if (inspection->pid < 0) {
		int saved = errno;
		inspection->pid = 0;
		close(sockets[0]);
		close(sockets[1]);
		return fail_sys(err, saved, "fork", "the unwinding process");
	}
	if (inspection->pid == 0)
		_exit(inspection->options->live(inspection->work.work));
	inspection->cpu = -1;
	keep_worker_off(inspection);
	close(sockets[1]);
	wire_in_init(&inspection->in, sockets[0]);
	inspection->told = inspection->seasoned = false;
	inspection->failed = 0;
	return 0;
}

// Waits for the end of the worker, and for no longer than END_MS if it is to say how it came: it is
// killed then, as one is that has nothing to do any more.
static void stop(struct inspection *inspection, bool by_itself)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	close_fd(&inspection->in.socket);
	close_fd(&inspection->in.fd);
	if (inspection->pid == 0)
		return;
	for (int i = 0; by_itself && i < END_MS; i++) {
		if (waitpid(inspection->pid, &inspection->status, WNOHANG) > 0)
			inspection->pid = 0;
		if (inspection->pid == 0)
			return;
		nanosleep(&pause, NULL);
	}
	kill(inspection->pid, SIGKILL);
	while (waitpid(inspection->pid, &inspection->status, 0) < 0 && errno == EINTR)
		;
	inspection->status = 0; // that end was not its own
	inspection->pid = 0;
}

int inspect_open(const struct inspect_options *options, struct inspection **ret, struct error *err)
{
	struct inspection *inspection = malloc(sizeof(*inspection));

	if (inspection) {
		memset(inspection, 0, offsetof(struct inspection, record));
		wire_in_init(&inspection->in, -EBADF);
		inspection->options = options;
	}
	if (!inspection || work_open(&options->worker, &inspection->work) < 0) {
		inspect_close(inspection);
		return fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the unwinding process");
	}
	int r = start(inspection, err);
	if (r < 0)
		inspect_close(inspection);
	else
		*ret = inspection;
	return r;
}

void inspect_close(struct inspection *inspection)
{
	if (!inspection)
		return;
	stop(inspection, false);
	work_close(&inspection->work);
	free(inspection);
}

unsigned char *inspect_room(struct inspection *inspection, size_t *ret_len)
{
	return work_room(&inspection->work, ret_len);
}

// Sends a record of TYPE.
static int tell(struct inspection *inspection, enum wire_type type)
{
	struct wire_record *record = &inspection->record;

	memset(record, 0, offsetof(struct wire_record, text));
	record->type = type;
	return wire_send(inspection->in.socket, record, -EBADF);
}

static int tell_modules(struct inspection *inspection, const struct snapshot *snapshot)
{
	auto_free int *fds = calloc(snapshot->module_count + 1, sizeof(*fds));
	size_t count = 0;
	int r;

	if (!fds)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->module_count; i++)
		if (snapshot->modules[i].fd >= 0)
			fds[count++] = snapshot->modules[i].fd;
	if ((r = work_put_modules(&inspection->work, snapshot)) < 0 ||
		(r = tell(inspection, WIRE_MODULES)) < 0)
		return r;
	return wire_send_files(inspection->in.socket, fds, count);
}

void inspect_expect(struct inspection *inspection, size_t thread_count)
{
	struct wire_record *record = &inspection->record;
	uint64_t most = EXPECTED_MAX / EXPECTED_STACK;

	if (thread_count < EXPECTED_FEW)
		return;
	memset(record, 0, offsetof(struct wire_record, text));
	record->type = WIRE_ROOM;
	record->value = (thread_count < most ? thread_count : most) * EXPECTED_STACK;
	// If it does not hear that, it will not hear the rest either, which is said then.
	wire_send(inspection->in.socket, record, -EBADF);
}

void inspect_begin(struct inspection *inspection)
{
	struct error err = {0};

	// It may still read what would be overwritten.
	if (!inspection->told && inspection->pid != 0)
		return;
	stop(inspection, false);
	inspection->failed = start(inspection, &err);
}

void inspect_modules(struct inspection *inspection, const struct snapshot *snapshot)
{
	inspection->told = true;
	if (inspection->failed == 0)
		inspection->failed = tell_modules(inspection, snapshot);
}

void inspect_threads(struct inspection *inspection, const struct snapshot *snapshot)
{
	if (inspection->failed == 0)
		inspection->failed = work_put_threads(&inspection->work, snapshot);
	if (inspection->failed < 0)
		return;
	keep_worker_off(inspection);
	inspection->failed = tell(inspection, WIRE_THREADS);
}

// Remembers *FD, the file that was asked for of MODULE, or none, for whoever keeps it. It is none
// if there is no fd left to remember it by.
static int note_request(struct inspection *inspection, uint32_t module, int *fd)
{
	struct stacks *stacks = inspection->answers.stacks;
	struct debug_file *grown =
		reallocarray(stacks->debugs, stacks->debug_count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	int kept = *fd < 0 ? -EBADF : fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (kept < 0)
		close_fd(fd);
	stacks->debugs = grown;
	stacks->debugs[stacks->debug_count++] = (struct debug_file){.fd = kept, .module = module};
	return 0;
}

static int serve_request(struct inspection *inspection, const struct wire_record *record)
{
	const struct snapshot *snapshot = inspection->answers.snapshot;
	struct inspect_request request = {.module = record->index,
		.build_id = &record->build_id,
		.link = record->text,
		.place = record->count};
	struct wire_record answer = {.type = WIRE_FILE};

	if (record->kind != WIRE_REQUEST_DEBUG || ++inspection->requests > WIRE_REQUESTS_MAX ||
		record->index >= snapshot->module_count)
		return -EPROTO;
	request.path = snapshot->modules[record->index].path;
	auto_fd int fd = inspection->options->open_file(
		inspection->options->open_file_arg, &request, &answer.count);
	int r = inspection->options->worker.keep ? note_request(inspection, record->index, &fd) : 0;
	if (r < 0)
		return r;
	return wire_send(inspection->in.socket, &answer, fd);
}

// Tells whoever wants to know what the worker tells.
static int note_naming(const struct inspection *inspection, const struct wire_record *record)
{
	const struct snapshot *snapshot = inspection->answers.snapshot;

	if (!inspection->options->worker.tell || record->index >= snapshot->module_count)
		return -EPROTO;
	inspection->options->on_naming(snapshot->modules[record->index].path);
	return 1;
}

// Receives one record. Returns 1 to go on, 0 when the worker is done, or -errno.
static int take_record(struct inspection *inspection)
{
	struct wire_record *record = &inspection->record;
	int fd;
	int r = wire_receive(&inspection->in, record, &fd);

	close_fd(&fd); // a worker has none to give
	if (r <= 0)
		return r < 0 ? r : -EPIPE;
	if (record->type == WIRE_DONE)
		return 0;
	if (record->type == WIRE_NAMING)
		return note_naming(inspection, record);
	r = record->type == WIRE_REQUEST ? serve_request(inspection, record)
					 : answers_take(&inspection->answers, record);
	return r < 0 ? r : 1;
}

// True when there is a record to take, for which a worker on another CPU is waited for SPIN_US
// without sleeping: Linux would wake us on its CPU, where it may only have to end. Whoever else
// wants our CPU gets it.
static bool has_record(const struct inspection *inspection)
{
	struct pollfd poll_fd = {.fd = inspection->in.socket, .events = POLLIN};
	uint64_t until_us = clock_now_us() + (inspection->cpu >= 0 ? SPIN_US : 0);

	if (wire_has_more(&inspection->in))
		return true;
	while (clock_now_us() < until_us)
		if (poll(&poll_fd, 1, 0) > 0)
			return true;
		else
			sched_yield();
	return false;
}

// Takes records until the worker is done. Returns 0, or -errno (-ETIMEDOUT).
static int take_all(struct inspection *inspection)
{
	uint64_t deadline_us = clock_now_us() + (uint64_t)inspection->options->timeout_ms * 1000;
	int r = 1;

	while (r > 0) {
		struct pollfd poll_fd = {.fd = inspection->in.socket, .events = POLLIN};
		uint64_t now_us = clock_now_us();
		if (now_us >= deadline_us)
			return -ETIMEDOUT;
		int ready = has_record(inspection)
				    ? 1
				    : poll(&poll_fd, 1, (int)((deadline_us - now_us + 999) / 1000));
		if (ready > 0)
			r = take_record(inspection);
		else if (ready == 0)
			return -ETIMEDOUT;
		else if (errno != EINTR)
			return -errno;
	}
	return r;
}

// Says why the worker did not come to its end, which R, -errno, is about.
static void explain(struct inspection *inspection, int r)
{
	char *trouble = inspection->trouble;
	int status = inspection->status;

	if (r == -EPIPE && WIFSIGNALED(status))
		snprintf(trouble, STACK_REASON_SIZE,
			"the unwinding process was killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		snprintf(trouble, STACK_REASON_SIZE, "the unwinding process %s",
			r == -ETIMEDOUT || r == -EAGAIN ? "did not end in time"
			: r == -EPROTO                  ? "gave an answer that is not well formed"
			: r == -ENOMEM                  ? "ran out of memory"
							: "gave up");
}

// Takes what the worker finds of SNAPSHOT, which it knows, into *RET. Returns 0, or -errno: what
// came of it is in *RET, and why no more in the inspection's trouble.
static int finish(struct inspection *inspection, const struct snapshot *snapshot,
	struct stacks *ret, struct error *err)
{
	auto_stacks struct stacks stacks = {0};
	int r = inspection->failed;

	inspection->requests = 0;
	inspection->trouble[0] = '\0';
	if (stacks_init(&stacks, snapshot->thread_count, snapshot->module_count) < 0 ||
		(inspection->options->worker.verify && stacks_add_verifies(&stacks) < 0))
		return fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the stacks of process %d",
			snapshot->pid);
	inspection->answers = (struct answers){.snapshot = snapshot,
		.max_frames = inspection->options->worker.max_frames,
		.keep = inspection->options->worker.keep,
		.stacks = &stacks};
	if (r == 0)
		r = take_all(inspection);
	if (r < 0) {
		bool lost = r == -EPIPE || r == -ECONNRESET;
		stop(inspection, lost);
		explain(inspection, lost ? -EPIPE : r);
	}
	inspection->told = inspection->options->worker.once; // it has ended
	answers_close(&inspection->answers, inspection->trouble);
	stacks_fini(ret);
	*ret = stacks;
	stacks = (struct stacks){0};
	return r;
}

int inspect_finish(struct inspection *inspection, const struct snapshot *snapshot,
	struct stacks *ret, struct error *err)
{
	struct stacks stacks = {0};
	int r = finish(inspection, snapshot, &stacks, err);

	// What it had kept of other processes is not to cost this one its stacks.
	if (r < 0 && err->kind == ERROR_NONE && inspection->seasoned) {
		inspect_begin(inspection);
		inspect_modules(inspection, snapshot);
		inspect_threads(inspection, snapshot);
		r = finish(inspection, snapshot, &stacks, err);
	}
	inspection->seasoned = r == 0 && !inspection->options->worker.once;
	*ret = stacks;
	return err->kind == ERROR_NONE ? 0 : r;
}

int inspect_run(const struct snapshot *snapshot, const struct inspect_options *options,
	struct stacks *ret, struct error *err)
{
	auto_inspection struct inspection *inspection = NULL;
	int r = inspect_open(options, &inspection, err);

	if (r < 0)
		return r;
	inspect_modules(inspection, snapshot);
	inspect_threads(inspection, snapshot);
	return inspect_finish(inspection, snapshot, ret, err);
}
