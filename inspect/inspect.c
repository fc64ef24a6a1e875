// SPDX-License-Identifier: GPL-2.0-or-later
// The worker's keeper: starts it, tells it what to do, serves its requests, checks its answers,
// ends it.
#include "inspect.h"

#include "answers.h"
#include "cleanup.h"
#include "clock.h"
#include "cpus.h"
#include "leftout.h"
#include "placement.h"
#include "serving.h"
#include "sys.h"
#include "term.h"
#include "wire.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

enum {
	END_MS = 100,             // that a worker which hears us no more has to end by itself
	ASK_US = 100,             // that it takes a worker to ask for the first file
	HELP_US = 250,            // after which it is looked whether it has a CPU
	SPIN_US = 1000,           // that it takes a worker to unwind and name a stack or two
	EXPECTED_FEW = 64,        // threads for which nothing is made ready
	EXPECTED_STACK = 4 << 10, // bytes of a stack: what blocked threads need at least
	EXPECTED_MAX = 64 << 20,  // of all
	CPU_SPARE_S = 2,          // of the time that a worker whose keeper does not end it may use
	STACK = 40 << 10,         // bytes that serving a worker needs
	SEND_SHARE = 8,           // of the timeout: for a worker that does not listen
};

struct inspection {
	const struct inspect_options *options;
	struct work_memory work;
	pid_t pid;     // of the worker, or 0
	int status;    // its wait status, when it has none any more
	bool told;     // it was told of modules, and has not come to an end with them
	bool seasoned; // it has come to an end with other modules before
	bool has_file; // it has the one that the room for stacks is in, if it is in one
	int failed;    // -errno of telling it, or 0
	struct answers answers;
	struct leftout leftout;
	size_t expected; // threads, if there are many
	struct serving serving;
	uint64_t told_us, spent_us;  // when the worker was told of modules, and its time before
	uint64_t since_us, asked_us; // it ran after this; when it was last told of threads
	const struct inspect_meanwhile *meanwhile; // to be done yet, or NULL
	struct placement placement;
	char trouble[STACK_REASON_SIZE]; // why it did not come to the end; empty: it did
	// Large, and not zero in the beginning:
	struct wire_record record;
	struct wire_in in; // from the worker
};

static int start(struct inspection *inspection, struct error *err)
{
	uint32_t timeout_ms = inspection->options->timeout_ms;
	const uint32_t send_ms = timeout_ms / SEND_SHARE + 1;
	const struct timeval timeout = {.tv_sec = send_ms / 1000, .tv_usec = send_ms % 1000 * 1000};
	int sockets[2], cpu;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return fail_sys(err, errno, "socketpair", "the unwinding process");
	// It cannot make us wait by not listening.
	setsockopt(sockets[0], SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	work_begin(&inspection->work, &inspection->options->worker);
	inspection->work.work->keeper = getpid();
	inspection->work.work->socket = sockets[1];
	// One that takes several snapshots begins none after the time of one (inspect_begin()).
	inspection->work.work->cpu_s =
		timeout_ms / 1000 * (inspection->options->worker.once ? 1 : 2) + CPU_SPARE_S;
	inspection->since_us = clock_now_us();
	inspection->pid = cpus_fork(&cpu);
	if (inspection->pid < 0) {
		int saved = errno;
		inspection->pid = 0;
		close(sockets[0]);
		close(sockets[1]);
		return fail_sys(err, saved, "fork", "the unwinding process");
	}
	if (inspection->pid == 0)
		_exit(inspection->options->live(inspection->work.work));
	sys_populate_stack(STACK); // what is written to from now on would be copied page by page
	placement_begin(
		&inspection->placement, inspection->pid, cpu, &inspection->work.work->beside);
	close(sockets[1]);
	wire_in_init(&inspection->in, sockets[0]);
	inspection->told = inspection->seasoned = false;
	inspection->has_file = inspection->work.file >= 0; // it has our mappings
	inspection->spent_us = 0;
	inspection->failed = 0;
	return 0;
}

// Has the worker end, if there is one.
static void release(struct inspection *inspection)
{
	close_fd(&inspection->in.socket);
	close_fd(&inspection->in.fd);
	if (inspection->pid != 0)
		kill(inspection->pid, SIGKILL);
}

// Waits until the worker, which has to end, is gone.
static void reap(struct inspection *inspection)
{
	while (inspection->pid != 0 && waitpid(inspection->pid, &inspection->status, 0) < 0 &&
		errno == EINTR)
		;
	inspection->status = 0; // that end was not its own
	inspection->pid = 0;
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
	release(inspection);
	cpus_bring_here(inspection->pid);
	reap(inspection);
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
	release(inspection);
	work_close(&inspection->work);
	leftout_fini(&inspection->leftout);
	reap(inspection);
	free(inspection);
}

void inspect_release(struct inspection *inspection)
{
	if (inspection)
		release(inspection);
}

void inspect_end(struct inspection *inspection)
{
	if (!inspection)
		return;
	release(inspection);
	reap(inspection);
}

pid_t inspect_worker(const struct inspection *inspection, uint64_t *ret_since_us)
{
	*ret_since_us = inspection->since_us;
	return inspection->pid;
}

unsigned char *inspect_room(struct inspection *inspection, size_t *ret_len)
{
	return work_room(&inspection->work, ret_len);
}

int inspect_room_file(const struct inspection *inspection)
{
	return inspection->work.file;
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
	auto_free struct snapshot_module *modules = NULL;
	const struct leftout *leftout = &inspection->leftout;
	struct snapshot told;
	size_t count = 0;
	int r = fds ? leftout_apply(leftout, snapshot, &told, &modules) : -ENOMEM;

	if (r < 0)
		return r;
	for (size_t i = 0; i < told.module_count; i++)
		if (told.modules[i].fd >= 0)
			fds[count++] = told.modules[i].fd;
	if ((r = work_put_modules(&inspection->work, &told)) < 0 ||
		(leftout->unnamed &&
			(r = work_put_unnamed(&inspection->work, leftout->unnamed)) < 0) ||
		(r = tell(inspection, WIRE_MODULES)) < 0)
		return r;
	return wire_send_files(inspection->in.socket, fds, count);
}

// Tells what is expected, if that is many, and gives the worker the file that the room is in.
static int tell_room(struct inspection *inspection)
{
	const size_t count = inspection->expected;
	struct wire_record *record = &inspection->record;
	const bool gives_file = !inspection->has_file && inspection->work.file >= 0;

	if (count == 0 && !gives_file)
		return 0;
	inspection->has_file = inspection->work.file >= 0;
	memset(record, 0, offsetof(struct wire_record, text));
	record->type = WIRE_ROOM;
	record->value = inspection->has_file ? 0 : count * EXPECTED_STACK;
	return wire_send(
		inspection->in.socket, record, gives_file ? inspection->work.reader : -EBADF);
}

void inspect_expect(struct inspection *inspection, size_t thread_count)
{
	const size_t most = EXPECTED_MAX / EXPECTED_STACK;

	inspection->expected = thread_count < EXPECTED_FEW ? 0
			       : thread_count < most       ? thread_count
							   : most;
	if (inspection->failed == 0 && thread_count >= WORK_MANY)
		inspection->failed = work_use_file(&inspection->work);
}

void inspect_begin(struct inspection *inspection)
{
	struct error err = {0};

	// It may still read what would be overwritten, and its time is limited.
	if (!inspection->told && inspection->pid != 0 && inspection->failed == 0 &&
		inspection->spent_us <= (uint64_t)inspection->options->timeout_ms * 1000)
		return;
	stop(inspection, false);
	inspection->failed = start(inspection, &err);
}

void inspect_modules(struct inspection *inspection, const struct snapshot *snapshot)
{
	inspection->told = true;
	inspection->told_us = clock_now_us();
	leftout_keep(&inspection->leftout, snapshot);
	if (inspection->failed == 0)
		inspection->failed = tell_room(inspection);
	if (inspection->failed == 0)
		inspection->failed = tell_modules(inspection, snapshot);
	work_expect(&inspection->work, inspection->expected);
}

void inspect_unproven(struct inspection *inspection, const struct snapshot *snapshot)
{
	if (inspection->failed < 0 || inspection->options->worker.verify ||
		work_put_unproven(&inspection->work, snapshot) < 0)
		return;
	placement_keep_off(&inspection->placement);
	tell(inspection, WIRE_UNPROVEN); // if it does not listen, it will not do so later
}

void inspect_threads(struct inspection *inspection, const struct snapshot *snapshot)
{
	if (inspection->failed == 0)
		inspection->failed = work_put_threads(&inspection->work, snapshot);
	if (inspection->failed < 0)
		return;
	placement_keep_off(&inspection->placement);
	inspection->asked_us = clock_now_us();
	inspection->failed = tell(inspection, WIRE_THREADS);
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
	if (record->type == WIRE_DONE) {
		inspection->answers.stacks->times =
			(struct stack_times){record->value, record->index, record->count};
		return 0;
	}
	if (record->type == WIRE_NAMING)
		return note_naming(inspection, record);
	r = record->type == WIRE_REQUEST ? serving_file(&inspection->serving, record)
	    : record->type == WIRE_READ  ? serving_memory(&inspection->serving, record)
					 : answers_take(&inspection->answers, record);
	return r < 0 ? r : 1;
}

// Does what else there is to do, if it is not done yet.
static void do_meanwhile(struct inspection *inspection)
{
	const struct inspect_meanwhile *meanwhile = inspection->meanwhile;

	inspection->meanwhile = NULL;
	if (meanwhile)
		meanwhile->run(meanwhile->arg);
}

// True when the worker is likely to be busy for longer than anything takes that it may ask for:
// after SINCE_US, or with what it has asked for. One that has come to an end before mostly asks for
// nothing.
static bool is_busy(const struct inspection *inspection, uint64_t since_us)
{
	return inspection->seasoned || inspection->serving.requests > 0 ||
	       clock_now_us() >= since_us + ASK_US;
}

// True when there is a record to take, for which a worker on another CPU is waited for SPIN_US
// without sleeping: Linux would wake us on its CPU, where it may only have to end. Nor do we yield:
// who else wants our CPU would have it for milliseconds. But a worker that has got no CPU by then
// gets ours.
static bool has_record(struct inspection *inspection)
{
	struct pollfd poll_fd = {.fd = inspection->in.socket, .events = POLLIN};
	const uint64_t begin_us = clock_now_us();
	bool helped = false;

	if (wire_has_more(&inspection->in) || poll(&poll_fd, 1, 0) > 0)
		return true;
	placement_keep_off(&inspection->placement); // we may have slept, and been woken there
	for (uint64_t waited_us = 0; inspection->placement.cpu >= 0 && waited_us < SPIN_US;
		waited_us = clock_now_us() - begin_us) {
		if (inspection->meanwhile && is_busy(inspection, begin_us))
			do_meanwhile(inspection);
		if (poll(&poll_fd, 1, 0) > 0)
			return true;
		if (!helped && waited_us >= HELP_US) {
			placement_help(&inspection->placement);
			helped = true;
		}
	}
	do_meanwhile(inspection);
	return false;
}

// Now, without the time that is not ours.
static uint64_t time_us(const struct inspection *inspection)
{
	const uint64_t *lent_us = inspection->options->lent_us;

	return clock_now_us() - (lent_us ? *lent_us : 0);
}

// Where the worker says that it is: anything.
static struct work_place read_place(const struct inspection *inspection)
{
	const volatile struct work_place *place = inspection->work.place;

	return (struct work_place){place->module, place->stage, place->step};
}

// Waits for a record. Returns 1, 0 when there is none yet, or -errno (-ETIMEDOUT).
static int wait_record(struct inspection *inspection, struct term *term)
{
	struct pollfd poll_fd = {.fd = inspection->in.socket, .events = POLLIN};
	uint64_t now_us = time_us(inspection);

	if (now_us >= term->end_us)
		return -ETIMEDOUT;
	if (now_us >= term->look_us)
		term_note(term, read_place(inspection).step, now_us);
	uint64_t until_us = term->look_us < term->end_us ? term->look_us : term->end_us;
	int ready = has_record(inspection)
			    ? 1
			    : poll(&poll_fd, 1, (int)((until_us - now_us + 999) / 1000));
	return ready >= 0 ? ready : errno == EINTR ? 0 : -errno;
}

// Takes records until the worker is done. Returns 0, or -errno (-ETIMEDOUT).
static int take_all(struct inspection *inspection, struct term *term)
{
	for (;;) {
		int r = wait_record(inspection, term);
		if (r > 0 && (r = take_record(inspection)) == 0)
			return 0;
		if (r < 0)
			return r;
	}
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

// Makes STACKS, empty, the place for the answers about SNAPSHOT.
static int begin_answers(
	struct inspection *inspection, const struct snapshot *snapshot, struct stacks *stacks)
{
	const struct worker_options *worker = &inspection->options->worker;

	stacks_fini(stacks);
	inspection->serving = (struct serving){.options = inspection->options,
		.snapshot = snapshot,
		.stacks = stacks,
		.socket = inspection->in.socket};
	inspection->trouble[0] = '\0';
	inspection->answers = (struct answers){.snapshot = snapshot,
		.max_frames = worker->max_frames,
		.keep = worker->keep,
		.others = worker->others,
		.stacks = stacks};
	if (stacks_init(stacks, snapshot->thread_count, snapshot->module_count) < 0 ||
		(worker->verify && stacks_add_verifies(stacks) < 0))
		return -ENOMEM;
	return 0;
}

// Has the worker, which was told all, come to its end until TERM. When it does not there is none
// any more, and the reason is the trouble. Returns 0 or -errno.
static int use_worker(struct inspection *inspection, struct term *term)
{
	int r = inspection->failed;

	if (r == 0)
		r = take_all(inspection, term);
	if (r < 0) {
		bool lost = r == -EPIPE || r == -ECONNRESET;
		stop(inspection, lost);
		explain(inspection, lost ? -EPIPE : r);
	}
	return r;
}

// True when the worker, which has failed, had sent all but positions: these are not worth another
// one. It is noted at the module that it was at.
static bool has_sent_enough(struct inspection *inspection)
{
	const struct work_place place = read_place(inspection);
	struct stacks *stacks = inspection->answers.stacks;

	if (place.stage != WORK_POSITIONS || !answers_are_whole(&inspection->answers))
		return false;
	if (place.module < stacks->module_count) {
		struct stack_module *module = &stacks->modules[place.module];
		module->left_out = true;
		snprintf(module->note, sizeof(module->note),
			"its debug information was not read: %.100s", inspection->trouble);
	}
	return true;
}

// Starts another worker, which does not read what the last one, whose time was TERM, has failed
// over, with R, -errno. Returns false when that is of no use.
static bool start_over(struct inspection *inspection, const struct snapshot *snapshot,
	const struct term *term, int r)
{
	const struct work_place place = read_place(inspection);
	struct error err = {0};
	char trouble[STACK_REASON_SIZE];

	memcpy(trouble, inspection->trouble, sizeof(trouble));
	// What it had kept of other processes is not to cost this one anything.
	if (!inspection->seasoned && !leftout_blame(&inspection->leftout, snapshot, &place,
					     r == -ETIMEDOUT && term_is_slow(term), trouble))
		return false;
	if (start(inspection, &err) < 0)
		return false;
	inspection->expected = 0; // the stacks are in the room: it is not to be replaced any more
	inspect_modules(inspection, snapshot);
	inspect_threads(inspection, snapshot);
	return true;
}

int inspect_finish(struct inspection *inspection, const struct snapshot *snapshot,
	const struct inspect_meanwhile *meanwhile, struct stacks *ret, struct error *err)
{
	auto_stacks struct stacks stacks = {0};
	const struct inspect_options *options = inspection->options;
	const uint64_t end_us = time_us(inspection) + (uint64_t)options->timeout_ms * 1000;
	int r;

	inspection->meanwhile = meanwhile;
	for (;;) {
		struct term term =
			term_make(time_us(inspection), end_us, inspection->leftout.nameless);
		if (begin_answers(inspection, snapshot, &stacks) < 0) {
			do_meanwhile(inspection);
			return fail(err, ERROR_SYSTEM, ENOMEM,
				"no memory for the stacks of process %d", snapshot->pid);
		}
		r = use_worker(inspection, &term);
		if (r == 0 || r == -ENOMEM || has_sent_enough(inspection) ||
			!start_over(inspection, snapshot, &term, r))
			break;
	}
	do_meanwhile(inspection);
	answers_close(&inspection->answers, inspection->trouble);
	leftout_tell(&inspection->leftout, &stacks);
	*ret = stacks;
	stacks = (struct stacks){0};
	inspection->leftout.workers = 0;
	// If it has to end after one, or has ended already, another one begins with the next.
	inspection->told = options->worker.once;
	inspection->seasoned = r == 0;
	if (r == 0)
		inspection->since_us = inspection->asked_us;
	inspection->spent_us += clock_now_us() - inspection->told_us;
	return 0;
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
	return inspect_finish(inspection, snapshot, NULL, ret, err);
}
