// SPDX-License-Identifier: GPL-2.0-or-later
// The worker: hear, unwind all, name all, send all.
#include "worker_state.h"

#include "cleanup.h"
#include "clock.h"
#include "sandbox.h"
#include "sys.h"
#include "truncated.h"
#include "verify.h"
#include "work.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	OPENED_AHEAD = 16, // modules that are opened before it is known what threads are in
};

// Unwinds thread INDEX with the second engine, SECOND, too, and compares with the COUNT frames of
// the chain that END ends.
static void verify(struct worker *worker, void *second, size_t index, size_t count,
	const struct stack_end *end)
{
	struct stack_end other_end;
	struct verify_chain ours = {worker->chain, count, end};
	struct verify_chain other = {.frames = worker->other, .end = &other_end};

	unwinder_libdwfl.unwind(second, &worker->snapshot.threads[index], worker->other,
		worker->options->max_frames, &other.count, &other_end);
	verify_compare(&ours, &other, &worker->verifies[index]);
}

enum { FETCHED_AHEAD = 8 << 10, CACHE_LINE = 64 };

// Has the processor fetch what will be read of the stack of thread INDEX, if there is one.
static void fetch_ahead(const struct snapshot *snapshot, size_t index)
{
	if (index >= snapshot->thread_count)
		return;
	const struct snapshot_thread *thread = &snapshot->threads[index];
	const unsigned char *stack = snapshot->stacks + thread->stack_offset;
	size_t len = thread->stack_len < FETCHED_AHEAD ? thread->stack_len : FETCHED_AHEAD;

	for (size_t i = 0; i < len; i += CACHE_LINE)
		__builtin_prefetch(stack + i);
}

// True when thread INDEX was unwound before it was proven, and that holds.
static bool is_unwound(const struct worker *worker, size_t index)
{
	return index < worker->early_count && worker->snapshot.threads[index].as_told &&
	       worker->chain_of[index] != NO_CHAIN;
}

// Unwinds all threads that were captured, into the worker's chains.
static int unwind_all(struct worker *worker)
{
	void *second = worker->verifies ? unwinder_libdwfl.open(&worker->space) : NULL;
	int r = second || !worker->verifies ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < worker->snapshot.thread_count; i++) {
		const struct snapshot_thread *thread = &worker->snapshot.threads[i];
		struct stack_end end;
		size_t count;
		if (thread->status != SNAPSHOT_THREAD_CAPTURED)
			continue;
		if (is_unwound(worker, i))
			continue;
		worker->place->step++;
		fetch_ahead(&worker->snapshot, i + 1);
		worker->unwinder->unwind(worker->engine, thread, worker->chain,
			worker->options->max_frames, &count, &end);
		if (second)
			verify(worker, second, i, count, &end);
		r = chains_add(&worker->chains, worker->chain, count, &end, &worker->chain_of[i]);
	}
	if (second)
		unwinder_libdwfl.close(second);
	return r;
}

// Finds out where the frames of CHAIN lie.
static int locate(struct worker *worker, const struct chain_row *chain)
{
	int r = 0;

	for (size_t i = chain->first; r == 0 && i < chain->first + chain->count; i++)
		r = locations_add(&worker->locations, &worker->space,
			unwind_lookup_pc(&worker->chains.frames[i]), &worker->location_of[i]);
	return r;
}

// Finds out where the frames of all chains lie, but of those that were made before the proof and
// did not hold.
static int locate_all(struct worker *worker)
{
	const struct snapshot *snapshot = &worker->snapshot;
	const struct chains *chains = &worker->chains;
	auto_free bool *held = calloc(chains->count + 1, sizeof(*held));
	int r = 0;

	worker->location_of = calloc(chains->frame_count + 1, sizeof(*worker->location_of));
	if (!held || !worker->location_of)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].status == SNAPSHOT_THREAD_CAPTURED)
			held[worker->chain_of[i]] = true;
	for (size_t i = 0; worker->chain_of_parked && i < worker->parked.count; i++)
		held[worker->chain_of_parked[i]] = true;
	for (size_t i = 0; r == 0 && i < chains->count; i++)
		if (held[i])
			r = locate(worker, &chains->rows[i]);
	return r;
}

// Asks for the debug file of the module that the first thread is in.
static void ask_ahead(struct worker *worker)
{
	const struct snapshot_thread *thread = worker->snapshot.threads;

	if (worker->snapshot.thread_count == 0 || thread->status != SNAPSHOT_THREAD_CAPTURED)
		return;
	int index = space_locate(&worker->space, thread->regs[ARCH_REG_PC]).module;
	if (index != space_made(&worker->space) && worker_names(worker, index))
		asking_begin(&worker->asking, index);
}

// Says that all was sent, and how long what took: the stages begin at TIMES, the last two end
// there.
static int send_done(struct worker *worker, const uint64_t times[5])
{
	struct wire_record *record = worker_record(worker, WIRE_DONE);

	record->value = times[1] - times[0] + worker->early_us;
	record->index = (uint32_t)(times[2] - times[1]);
	record->count = (uint32_t)(times[4] - times[3]);
	return wire_put(&worker->out, record);
}

static int run(struct worker *worker)
{
	uint64_t times[5];
	int r;

	ask_ahead(worker);
	times[0] = clock_now_us();
	if ((r = unwind_all(worker)) < 0 || (r = worker_unwind_goroutines(worker)) < 0)
		return r;
	times[1] = clock_now_us();
	if ((r = locate_all(worker)) < 0 || (r = worker_name_all(worker)) < 0)
		return r;
	times[2] = clock_now_us();
	if ((r = worker_send_found(worker)) < 0)
		return r;
	times[3] = clock_now_us();
	if ((r = worker_send_positions(worker)) < 0)
		return r;
	times[4] = clock_now_us();
	return send_done(worker, times);
}

// Receives the files of the modules of WORKER, in their order. As wire_receive_files().
static int receive_files(struct worker *worker)
{
	struct snapshot_module *modules = worker->snapshot.modules;
	size_t count = 0, next = 0;
	auto_free int *fds = calloc(worker->snapshot.module_count + 1, sizeof(*fds));

	if (!fds)
		return -ENOMEM;
	for (size_t i = 0; i < worker->snapshot.module_count; i++)
		count += modules[i].fd >= 0;
	int r = wire_receive_files(worker->in.socket, fds, count);
	for (size_t i = 0; r > 0 && i < worker->snapshot.module_count; i++)
		if (modules[i].fd >= 0)
			modules[i].fd = fds[next++];
	return r;
}

// Makes memory for stacks present before they come, or takes the file READER for it, if there is
// one. Fails with -errno.
static int make_room(const struct worker *worker, const struct work *work, int reader)
{
	uint64_t len =
		worker->record.value < work->room_len ? worker->record.value : work->room_len;
	int r = reader < 0 ? 0 : work_take_file(work, reader);

	if (r == 0)
		sys_populate(work->room, len & ~(uint64_t)(PAGE - 1));
	return r;
}

// Drops what was of the snapshot before. Fails with -ENOMEM.
static int forget(struct worker *worker)
{
	const size_t first = offsetof(struct worker, snapshot);
	int r;

	if (worker->turn++ > 0) {
		if (worker->engine)
			worker->unwinder->close(worker->engine);
		worker->shelf.budget = worker->space.extra_budget;
		space_fini(&worker->space);
		locations_fini(&worker->locations);
		chains_fini(&worker->chains);
		free(worker->snapshot.modules);
		asking_fini(&worker->asking);
		if (!worker->snapshot.parked.there) // else it is the work's
			parked_fini(&worker->parked);
		free(worker->chain_of_parked);
		free(worker->chain_of);
		free(worker->next);
		free(worker->location_of);
		free(worker->chain);
		free(worker->other);
		free(worker->verifies);
		memset((char *)worker + first, 0, offsetof(struct worker, record) - first);
		if ((r = locations_init(&worker->locations)) < 0 ||
			(r = chains_init(&worker->chains)) < 0)
			return r;
	}
	// What is kept of a process is what was asked for of that one.
	if (worker->options->keep)
		shelf_fini(&worker->shelf);
	return worker->shelf.slots ? 0 : shelf_init(&worker->shelf, worker->kept_most);
}

// Takes the modules and maps of WORK, and opens the modules that threads most probably are in.
static int prepare(struct worker *worker, const struct work *work)
{
	size_t count = work->snapshot.module_count;
	struct module **modules;
	int r;

	if ((r = forget(worker)) < 0 || (r = shelf_make_room(&worker->shelf, count)) < 0)
		return r;
	worker->snapshot = work->snapshot;
	worker->unnamed = work->unnamed;
	worker->snapshot.modules = calloc(count + 1, sizeof(*worker->snapshot.modules));
	worker->asking = (struct asking){.in = &worker->in,
		.out = &worker->out,
		.record = &worker->record,
		.space = &worker->space,
		.beside = &work->beside,
		.last = calloc(count + 1, sizeof(*worker->asking.last))};
	if (!worker->snapshot.modules || !worker->asking.last)
		return -ENOMEM;
	memcpy(worker->snapshot.modules, work->snapshot.modules,
		count * sizeof(*worker->snapshot.modules));
	if ((r = receive_files(worker)) <= 0)
		return r < 0 ? r : -EPIPE;
	if ((r = shelf_take_all(&worker->shelf, &worker->snapshot, &modules)) < 0 ||
		(r = space_init_with(&worker->space, &worker->snapshot, modules)) < 0)
		return r;
	worker->space.extra_budget = worker->shelf.budget;
	asking_init(&worker->asking);
	worker->space.walked = &worker->shelf.walked;
	worker->space.at = &worker->place->module;
	for (size_t i = 0; i < count && i < OPENED_AHEAD; i++)
		space_module(&worker->space, (int)i);
	worker->engine = worker->unwinder->open(&worker->space);
	return worker->engine ? 0 : -ENOMEM;
}

// Takes the threads and stacks FROM the work.
static int take_threads(struct worker *worker, const struct snapshot *from)
{
	size_t count = from->thread_count, early = worker->early_count;
	uint32_t *chain_of = reallocarray(worker->chain_of, count + 1, sizeof(*worker->chain_of));

	if (!chain_of)
		return -ENOMEM;
	worker->chain_of = chain_of;
	for (size_t i = early; i < count; i++)
		chain_of[i] = NO_CHAIN;
	worker->snapshot.threads = from->threads;
	worker->snapshot.thread_count = count;
	worker->snapshot.stacks = from->stacks;
	worker->snapshot.stacks_len = from->stacks_len;
	worker->snapshot.parts = from->parts;
	worker->snapshot.part_count = from->part_count;
	worker->snapshot.parked = from->parked;
	// Those of a file are there, but not for us: 16 pages come at a time.
	if (count >= WORK_MANY && early == 0)
		sys_populate(from->stacks, from->stacks_len & ~(size_t)(PAGE - 1));
	if (!worker->chain)
		worker->chain =
			reallocarray(NULL, worker->options->max_frames + 1, sizeof(*worker->chain));
	return worker->chain ? 0 : -ENOMEM;
}

// Unwinds the threads of WORK that are not proven yet.
static int unwind_early(struct worker *worker, const struct work *work)
{
	int r = take_threads(worker, &work->unproven);
	const uint64_t begin_us = clock_now_us();

	if (r == 0)
		r = unwind_all(worker);
	worker->early_count = worker->snapshot.thread_count;
	worker->early_us = clock_now_us() - begin_us;
	return r;
}

// Makes what is told of threads besides their chains.
static int make_answers(struct worker *worker)
{
	const size_t count = worker->snapshot.thread_count;

	worker->next = calloc(count + 1, sizeof(*worker->next));
	if (!worker->next)
		return -ENOMEM;
	if (!worker->options->verify)
		return 0;
	worker->verifies = calloc(count + 1, sizeof(*worker->verifies));
	worker->other = reallocarray(NULL, worker->options->max_frames + 1, sizeof(*worker->other));
	return worker->verifies && worker->other ? 0 : -ENOMEM;
}

// Does what a record of TYPE, the one that has come, with FD beside it unless that is negative,
// says. Returns 0, or -errno.
static int obey(struct worker *worker, const struct work *work, uint32_t type, int fd)
{
	int r;

	if (type == WIRE_ROOM)
		return make_room(worker, work, fd);
	if (type == WIRE_MODULES)
		return prepare(worker, work);
	if (type == WIRE_UNPROVEN && worker->engine && !worker->chain)
		return unwind_early(worker, work);
	if (type != WIRE_THREADS || !worker->engine || worker->next)
		return -EPROTO;
	if ((r = take_threads(worker, &work->snapshot)) < 0 || (r = make_answers(worker)) < 0)
		return r;
	if ((r = run(worker)) < 0)
		return r;
	r = wire_flush(&worker->out);
	// Also before the end: with an answer that nobody has read, what we sent would be lost.
	if (r == 0)
		asking_end(&worker->asking);
	return r;
}

// Does WORK, one snapshot after the other, until nspeek does not need this worker any more. What it
// has allocated and opened is left to the end of the process.
static int do_work(struct worker *worker, const struct work *work)
{
	int fd, r;

	if ((r = locations_init(&worker->locations)) < 0 || (r = chains_init(&worker->chains)) < 0)
		return r;
	while ((r = wire_receive(&worker->in, &worker->record, &fd)) > 0) {
		r = obey(worker, work, worker->record.type, fd);
		close_fd(&fd);
		if (r == 0 && worker->asking.told && !worker->next) // while it waited for a file
			r = obey(worker, work, WIRE_THREADS, -EBADF);
		if (r < 0 || (worker->next && worker->options->once))
			return r;
	}
	return r;
}

// Says what holds us, if it is not what it should be.
static int send_sandbox(struct worker *worker, int kind)
{
	struct wire_record *record = worker_record(worker, WIRE_SANDBOX);

	record->status = (uint32_t)kind;
	return kind == SANDBOX_FILTER ? 0 : wire_send(worker->in.socket, record, -EBADF);
}

int worker_live(const struct work *work)
{
	struct error err = {0};
	const size_t kept_most = shelf_most();
	const struct sandbox sandbox = {.parent = work->keeper,
		.keep = &work->socket,
		.keep_count = 1,
		.cpu_s = work->cpu_s};
	int kind = sandbox_enter(&sandbox, &err);
	if (kind < 0)
		return 1;
	struct worker *worker = malloc(sizeof(*worker));
	if (!worker)
		return 1;
	memset(worker, 0, offsetof(struct worker, record));
	wire_in_init(&worker->in, work->socket);
	wire_out_init(&worker->out, work->socket);
	worker->options = &work->options;
	worker->place = work->place;
	worker->kept_most = kept_most;
	worker->unwinder = &unwinder_rows;
	truncated_reads_as_zeros();
	// A stray write must not change what the next worker, if there has to be one, finds there.
	// Now, as nothing of it is present yet.
	mprotect(work->fixed, work->fixed_len, PROT_READ);
	if (send_sandbox(worker, kind) < 0)
		return 1;
	int r = do_work(worker, work);
	if (wire_flush(&worker->out) < 0)
		return 1;
	asking_end(&worker->asking);
	return r < 0;
}
