// SPDX-License-Identifier: GPL-2.0-or-later
// Keeping a worker: one that does its work, and such that do not.
#include "lives.h"
#include "no_file.h"
#include "sandbox.h"
#include "self_snapshot.h"
#include "wire.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct snapshot_thread threads[2] = {
	{.status = SNAPSHOT_THREAD_CAPTURED}, {.status = SNAPSHOT_THREAD_GONE}};
static struct snapshot snapshot = {.threads = threads, .thread_count = 2};

// Inspects the snapshot with workers that do LIVE. Returns the reason of the first stack.
static const char *reason_of(int (*live)(const struct work *work), uint32_t timeout_ms)
{
	static struct stacks stacks;
	struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = timeout_ms,
		.open_file = no_file,
		.live = live};
	struct error err = {0};

	stacks_fini(&stacks);
	check_int(inspect_run(&snapshot, &options, &stacks, &err), 0);
	check_int(stacks.stack_count, 2);
	check_int(stacks.stacks[0].end.status, STACK_FAILED);
	check_str(stacks.stacks[1].end.reason, "");
	// No process is left.
	check_int(waitpid(-1, NULL, WNOHANG), -1);
	check_int(errno, ECHILD);
	return stacks.stacks[0].end.reason;
}

static int give_up(const struct work *work)
{
	(void)work;
	return 1;
}

static int hang(const struct work *work)
{
	(void)work;
	while (getpid() > 0)
		pause();
	return 0;
}

static int crash(const struct work *work)
{
	(void)work;
	raise(SIGKILL);
	return 0;
}

static int babble(const struct work *work)
{
	const char text[] = "not a record";

	return send(work->socket, text, sizeof(text), 0) < 0 || hang(work);
}

// Hears us no more, and does not end.
static int turn_away(const struct work *work)
{
	close(work->socket);
	return hang(work);
}

// Would leave a process behind.
static int multiply(const struct work *work)
{
	const struct sandbox sandbox = {
		.parent = work->keeper, .keep = &work->socket, .keep_count = 1, .cpu_s = 5};
	struct error err = {0};

	if (sandbox_enter(&sandbox, &err) < 0)
		return crash(work);
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return crash(work);
}

// Says that it is done, and does not end.
static int linger(const struct work *work)
{
	struct wire_record record = {.type = WIRE_DONE};

	wire_send(work->socket, &record, -EBADF);
	return hang(work);
}

Test(inspect, workers_that_do_not_work)
{
	check_str(reason_of(give_up, 5000), "the unwinding process gave up");
	check_str(reason_of(hang, 100), "the unwinding process did not end in time");
	check_str(reason_of(crash, 5000), "the unwinding process was killed by signal 9 (Killed)");
	check_str(reason_of(babble, 5000),
		"the unwinding process gave an answer that is not well formed");
	check_str(reason_of(turn_away, 5000), "the unwinding process gave up");
	check_str(reason_of(multiply, 5000),
		"the unwinding process was killed by signal 31 (Bad system call)");
	check_str(reason_of(linger, 5000), "the unwinding process left it out");
}

// Two modules of which the second makes a worker end by HOW, while it unwinds or names.
static struct snapshot_module two[2] = {{.fd = -EBADF}, {.fd = -EBADF}};
static int (*how)(const struct work *work);
static bool while_naming;

static int live_until_it_reads(const struct work *work)
{
	static struct wire_record record;
	static struct wire_in in;
	int fd;

	++*lives;
	wire_in_init(&in, work->socket);
	for (int i = 0; i < 2; i++)
		if (wire_receive(&in, &record, &fd) <= 0)
			return 1;
	work->place->module = 1;
	work->place->stage = while_naming ? WORK_NAMING : WORK_UNWINDING;
	bool is_read = !work->snapshot.modules[1].note[0];
	bool is_named = !work->unnamed || !work->unnamed[1];
	if (while_naming ? is_named : is_read)
		return how(work);
	work->place->module = 0;
	record = (struct wire_record){
		.type = WIRE_FRAMES, .count = 1, .frames = {{.pc = 7, .module = 1, .symbol = -1}}};
	wire_send(work->socket, &record, -EBADF);
	record = (struct wire_record){.type = WIRE_THREAD, .status = STACK_COMPLETE};
	wire_send(work->socket, &record, -EBADF);
	record = (struct wire_record){.type = WIRE_DONE, .value = 7, .index = 8, .count = 9};
	return wire_send(work->socket, &record, -EBADF) < 0;
}

// The stack comes, and the second module alone says NOTE; it takes a second worker.
static void check_left_out(int (*end)(const struct work *work), bool naming, const char *note)
{
	struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = 400,
		.open_file = no_file,
		.live = live_until_it_reads};
	struct stacks stacks = {0};
	struct error err = {0};

	how = end;
	while_naming = naming;
	*lives = 0;
	check_int(inspect_run(&snapshot, &options, &stacks, &err), 0);
	check_int(*lives, 2);
	check_int(stacks.stacks[0].end.status, STACK_COMPLETE);
	check_int(stacks.stacks[0].frame_count, 1);
	check_false(stacks.modules[0].left_out);
	check_true(stacks.modules[1].left_out);
	check_str(stacks.modules[0].note, "");
	check_u64(stacks.times.unwinding_us, 7);
	check_u64(stacks.times.naming_us, 8);
	check_u64(stacks.times.positions_us, 9);
	check_str(stacks.modules[1].note, note);
	stacks_fini(&stacks);
	check_int(waitpid(-1, NULL, WNOHANG), -1);
}

Test(inspect, a_module_that_ends_its_worker)
{
	lives = mmap(
		NULL, sizeof(*lives), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snapshot.modules = two;
	snapshot.module_count = 2;
	check_left_out(crash, false,
		"it is left out: the unwinding process was killed by signal 9 (Killed) while it "
		"read it");
	check_left_out(crash, true,
		"its names are left out: the unwinding process was killed by signal 9 (Killed) "
		"while it read them");
	check_left_out(hang, true,
		"its names are left out: the unwinding process did not end in time while it read "
		"them");
	check_left_out(babble, false,
		"it is left out: the unwinding process gave an answer that is not well formed "
		"while it read it");
	check_left_out(give_up, true,
		"its names are left out: the unwinding process gave up while it read them");
	munmap(lives, sizeof(*lives));
}

static bool all_was_sent;

// Sends the stack, if ALL_WAS_SENT, and ends by HOW when it looks for the second module's
// positions, or says so.
static int live_until_positions(const struct work *work)
{
	static struct wire_record record;
	static struct wire_in in;
	int fd;

	++*lives;
	wire_in_init(&in, work->socket);
	for (int i = 0; i < 2; i++)
		if (wire_receive(&in, &record, &fd) <= 0)
			return 1;
	record = (struct wire_record){
		.type = WIRE_FRAMES, .count = 1, .frames = {{.pc = 7, .module = 1, .symbol = -1}}};
	wire_send(work->socket, &record, -EBADF);
	record = (struct wire_record){.type = WIRE_THREAD, .status = STACK_COMPLETE};
	if (all_was_sent)
		wire_send(work->socket, &record, -EBADF);
	work->place->module = 1;
	work->place->stage = WORK_POSITIONS;
	return how(work);
}

// What a worker has sent before it fails over positions is kept, and no other one is started.
static void check_kept(int (*end)(const struct work *work), const char *note)
{
	struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = 400,
		.open_file = no_file,
		.live = live_until_positions};
	struct stacks stacks = {0};
	struct error err = {0};

	how = end;
	*lives = 0;
	check_int(inspect_run(&snapshot, &options, &stacks, &err), 0);
	check_int(*lives == 1, all_was_sent);
	check_int(stacks.stacks[0].end.status, all_was_sent ? STACK_COMPLETE : STACK_PARTIAL);
	check_int(stacks.stacks[0].frame_count, 1);
	check_true(stacks.modules[1].left_out);
	check_str(stacks.modules[0].note, "");
	if (note)
		check_str(stacks.modules[1].note, note);
	stacks_fini(&stacks);
	check_int(waitpid(-1, NULL, WNOHANG), -1);
}

Test(inspect, a_worker_that_fails_over_positions)
{
	lives = mmap(
		NULL, sizeof(*lives), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snapshot.modules = two;
	snapshot.module_count = 2;
	all_was_sent = true;
	check_kept(crash, "its debug information was not read: the unwinding process was killed by "
			  "signal 9 (Killed)");
	check_kept(hang, "its debug information was not read: the unwinding process did not end in "
			 "time");
	check_kept(babble, "its debug information was not read: the unwinding process gave an "
			   "answer that is not well formed");
	// One that only says so has to be started again.
	all_was_sent = false;
	check_kept(crash, NULL);
	munmap(lives, sizeof(*lives));
}

// The true one: a thread of which nothing is known.
Test(inspect, a_worker_that_works)
{
	check_str(reason_of(worker_live, 5000), "its registers are not known");
}

// Starts with as many files as may be open.
static int crowd(const struct work *work)
{
	const struct rlimit limit = {64, 64};

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	while (dup(work->socket) >= 0)
		;
	return worker_live(work);
}

Test(inspect, a_worker_that_starts_without_a_free_fd)
{
	check_str(reason_of(crowd, 5000), "its registers are not known");
}

static int count(const struct work *work)
{
	++*lives;
	return hang(work);
}

// Told of other modules, it begins anew.
Test(inspect, starts_again)
{
	struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = 5000,
		.open_file = no_file,
		.live = count};
	struct inspection *inspection = NULL;
	struct error err = {0};
	size_t len;

	lives = mmap(
		NULL, sizeof(*lives), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check_int(inspect_open(&options, &inspection, &err), 0);
	inspect_begin(inspection); // nothing was told yet
	inspect_expect(inspection, 100000);
	unsigned char *room = inspect_room(inspection, &len);
	check_true(len >= 1 << 26);
	check_u64((uintptr_t)room % 4096, 0);
	inspect_modules(inspection, &snapshot);
	while (*(volatile int *)lives < 1)
		usleep(1000);
	inspect_begin(inspection);
	inspect_modules(inspection, &snapshot);
	while (*(volatile int *)lives < 2)
		usleep(1000);
	inspect_close(inspection);
	check_int(waitpid(-1, NULL, WNOHANG), -1);
	inspect_close(NULL);
}

// Inspects SNAPSHOT, which INSPECTION is told first. Returns the reason of the first stack.
static const char *next_reason(struct inspection *inspection, const struct snapshot *next)
{
	static struct stacks stacks;
	struct error err = {0};

	stacks_fini(&stacks);
	inspect_begin(inspection);
	inspect_modules(inspection, next);
	inspect_threads(inspection, next);
	check_int(inspect_finish(inspection, next, NULL, &stacks, &err), 0);
	return stacks.stacks[0].end.reason;
}

// Ends with the second snapshot that it is told, as long as it is the first worker.
static int tire(const struct work *work)
{
	static struct wire_record record;
	static struct wire_in in;
	int fd;

	if (++*lives > 1)
		return worker_live(work);
	wire_in_init(&in, work->socket);
	for (int i = 0; i < 2; i++)
		if (wire_receive(&in, &record, &fd) <= 0)
			return 1;
	record.type = WIRE_DONE;
	wire_send(work->socket, &record, -EBADF);
	return 1;
}

// The room could not be that of a file, and could be when the worker's work is done over.
Test(inspect, another_worker_loses_no_stacks)
{
	enum { MANY = 1000, LEN = 100000 };
	const struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = 5000,
		.open_file = no_file,
		.live = tire};
	const struct rlimit none = {1000, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
	struct inspection *inspection = NULL;
	struct stacks stacks = {0};
	struct error err = {0};
	size_t len;

	lives = mmap(
		NULL, sizeof(*lives), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check_int(inspect_open(&options, &inspection, &err), 0);
	check_str(next_reason(inspection, &snapshot), "the unwinding process left it out");
	unsigned char *room = inspect_room(inspection, &len);
	struct snapshot its = snapshot;
	its.stacks = room;
	its.stacks_len = LEN;
	inspect_begin(inspection);
	check_int(setrlimit(RLIMIT_FSIZE, &none), 0);
	inspect_expect(inspection, MANY);
	check_int(inspect_room_file(inspection), -EBADF);
	inspect_modules(inspection, &its);
	check_int(setrlimit(RLIMIT_FSIZE, &all), 0);
	memset(room, 0x5a, LEN);
	inspect_threads(inspection, &its);
	check_int(inspect_finish(inspection, &its, NULL, &stacks, &err), 0);
	check_int(*(volatile int *)lives, 2);
	for (size_t i = 0; i < LEN; i++)
		check_int(room[i], 0x5a);
	stacks_fini(&stacks);
	inspect_close(inspection);
	munmap(lives, sizeof(*lives));
}

static unsigned char *seen; // what each worker has found at the beginning of the room

// Takes the file that it is given, looks into the room when it is to begin, and says that it is
// done; the first worker ends then.
static int look(const struct work *work)
{
	static struct wire_record record;
	static struct wire_in in;
	int fd;

	seen[0]++;
	wire_in_init(&in, work->socket);
	while (wire_receive(&in, &record, &fd) > 0) {
		if (record.type == WIRE_ROOM && fd >= 0 && work_take_file(work, fd) < 0)
			return 2;
		if (record.type != WIRE_THREADS)
			continue;
		seen[seen[0]] = work->room[0];
		if (seen[0] == 1)
			return 1;
		record.type = WIRE_DONE;
		wire_send(work->socket, &record, -EBADF);
	}
	return 0;
}

// Each worker reads what was written to the file: one that was there before, also when it is told
// of few threads, as many were expected and did not come; and one that is started when it is there.
Test(inspect, every_worker_has_the_file)
{
	const struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = 5000,
		.open_file = no_file,
		.live = look};
	struct inspection *inspection = NULL;
	struct snapshot its = snapshot;
	struct stacks stacks = {0};
	struct error err = {0};
	size_t len;

	seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check_int(inspect_open(&options, &inspection, &err), 0);
	its.stacks = inspect_room(inspection, &len);
	its.stacks_len = 4096;
	inspect_expect(inspection, 1000);
	inspect_begin(inspection);
	inspect_expect(inspection, 2);
	inspect_begin(inspection);
	const int file = inspect_room_file(inspection);
	if (file < 0)
		cannot_run("overcommitted memory");
	inspect_modules(inspection, &its);
	check_int(pwrite(file, "x", 1, 0), 1);
	check_int(ftruncate(file, (off_t)len), 0);
	inspect_threads(inspection, &its);
	check_int(inspect_finish(inspection, &its, NULL, &stacks, &err), 0);
	check_int(seen[0], 2);
	check_int(seen[1], 'x');
	check_int(seen[2], 'x');
	stacks_fini(&stacks);
	inspect_close(inspection);
	munmap(seen, 4096);
}

// One worker does the work for all snapshots; one that fails with another snapshot than its first
// costs that one nothing.
Test(inspect, one_worker_for_many)
{
	struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = 5000,
		.open_file = no_file,
		.live = count_and_live};
	struct inspection *inspection = NULL;
	struct error err = {0};

	lives = mmap(
		NULL, sizeof(*lives), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check_int(inspect_open(&options, &inspection, &err), 0);
	for (int i = 0; i < 3; i++)
		check_str(next_reason(inspection, &snapshot), "its registers are not known");
	check_int(*(volatile int *)lives, 1);
	inspect_close(inspection);

	// One that is told to end is another one each time.
	*lives = 0;
	options.worker.once = true;
	check_int(inspect_open(&options, &inspection, &err), 0);
	for (int i = 0; i < 3; i++)
		check_str(next_reason(inspection, &snapshot), "its registers are not known");
	check_int(*(volatile int *)lives, 3);
	inspect_close(inspection);

	*lives = 0;
	options.worker.once = false;
	options.live = tire;
	check_int(inspect_open(&options, &inspection, &err), 0);
	check_str(next_reason(inspection, &snapshot), "the unwinding process left it out");
	for (int i = 0; i < 2; i++)
		check_str(next_reason(inspection, &snapshot), "its registers are not known");
	check_int(*(volatile int *)lives, 2);
	inspect_close(inspection);
	check_int(waitpid(-1, NULL, WNOHANG), -1);
	munmap(lives, sizeof(*lives));
}

// Writes over what it shares with nspeek when it is told the modules, and says that it is done.
static int scribble(const struct work *work)
{
	static struct wire_in in;
	struct wire_record record;
	int socket = work->socket, fd;

	wire_in_init(&in, socket);
	if (wire_receive(&in, &record, &fd) <= 0)
		return 1;
	memset((void *)(uintptr_t)work, 0xa0, sizeof(*work));
	++*lives;
	if (wire_receive(&in, &record, &fd) <= 0)
		return 1;
	record.type = WIRE_DONE;
	return wire_send(socket, &record, -EBADF) < 0;
}

// It deceives itself only: nspeek writes to where it has written before, and unmaps what it has
// mapped.
Test(inspect, a_worker_that_writes_over_its_work)
{
	struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = 5000,
		.open_file = no_file,
		.live = scribble};
	struct inspection *inspection = NULL;
	struct stacks stacks = {0};
	struct error err = {0};
	size_t len, len_after;

	lives = mmap(
		NULL, sizeof(*lives), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check_int(inspect_open(&options, &inspection, &err), 0);
	unsigned char *room = inspect_room(inspection, &len);
	inspect_modules(inspection, &snapshot);
	while (*(volatile int *)lives < 1)
		usleep(1000);
	check_true(inspect_room(inspection, &len_after) == room && len_after == len);
	inspect_threads(inspection, &snapshot);
	check_int(inspect_finish(inspection, &snapshot, NULL, &stacks, &err), 0);
	check_str(stacks.stacks[0].end.reason, "the unwinding process left it out");
	inspect_close(inspection);
	check_int(msync(room, 4096, MS_ASYNC), -1); // all of it is unmapped
	stacks_fini(&stacks);
	munmap(lives, sizeof(*lives));
}

static void note_done(void *arg)
{
	++*(int *)arg;
}

// What else there is to do is done once, whatever becomes of the worker, and however many there
// are.
Test(inspect, what_is_done_meanwhile)
{
	static int (*const lives_tried[])(const struct work *) = {worker_live, give_up, crash};

	for (size_t i = 0; i < sizeof(lives_tried) / sizeof(lives_tried[0]); i++) {
		struct inspect_options options = {.worker = {.max_frames = 8},
			.timeout_ms = 5000,
			.open_file = no_file,
			.live = lives_tried[i]};
		struct inspection *inspection = NULL;
		struct stacks stacks = {0};
		struct error err = {0};
		int done = 0;
		const struct inspect_meanwhile meanwhile = {note_done, &done};
		check_int(inspect_open(&options, &inspection, &err), 0);
		for (int turn = 1; turn <= 2; turn++) {
			inspect_begin(inspection);
			inspect_modules(inspection, &snapshot);
			inspect_threads(inspection, &snapshot);
			check_int(inspect_finish(inspection, &snapshot, &meanwhile, &stacks, &err),
				0);
			check_int(done, turn);
			stacks_fini(&stacks);
		}
		inspect_close(inspection);
	}
}
