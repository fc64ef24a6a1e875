// SPDX-License-Identifier: GPL-2.0-or-later
// The worker: unwind all, name all, send all.
#include "worker.h"

#include "chains.h"
#include "cleanup.h"
#include "locations.h"
#include "symbols.h"
#include "unwind.h"
#include "wire.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static const uint32_t NO_THREAD = UINT32_MAX;

struct worker {
	int socket;
	const struct snapshot *snapshot;
	const struct worker_options *options;
	struct space space;
	struct locations locations;
	struct chains chains;
	uint32_t *chain_of;         // each thread's
	uint32_t *next;             // each thread's: the next one with its chain, or NO_THREAD
	uint32_t *location_of;      // each frame's of the chains
	struct unwind_frame *chain; // room for one
	uint32_t symbol_count;      // sent so far
	struct wire_record record;  // the one that is being sent or received
};

// A mapped file that was truncated: from here on it reads as zeros, which every parser bounds.
static void on_bus_error(int sig, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)4095;

	(void)sig;
	(void)context;
	if (mmap((void *)page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		MAP_FAILED)
		signal(SIGBUS, SIG_DFL);
}

// Unwinds all threads that were captured, into the worker's chains.
static int unwind_all(struct worker *worker)
{
	const struct unwinder *unwinder = &unwinder_rows;
	void *engine = unwinder->open(&worker->space);
	int r = engine ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < worker->snapshot->thread_count; i++) {
		const struct snapshot_thread *thread = &worker->snapshot->threads[i];
		struct stack_end end;
		size_t count;
		if (thread->status != SNAPSHOT_THREAD_CAPTURED)
			continue;
		unwinder->unwind(
			engine, thread, worker->chain, worker->options->max_frames, &count, &end);
		r = chains_add(&worker->chains, worker->chain, count, &end, &worker->chain_of[i]);
	}
	if (engine)
		unwinder->close(engine);
	return r;
}

// Finds out where the frames of all chains lie.
static int locate_all(struct worker *worker)
{
	const struct chains *chains = &worker->chains;
	int r = 0;

	worker->location_of = calloc(chains->frame_count + 1, sizeof(*worker->location_of));
	if (!worker->location_of)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < chains->frame_count; i++)
		r = locations_add(&worker->locations, &worker->space,
			unwind_lookup_pc(&chains->frames[i]), &worker->location_of[i]);
	return r;
}

// Clears the record for TYPE.
static struct wire_record *new_record(struct worker *worker, enum wire_type type)
{
	memset(&worker->record, 0, offsetof(struct wire_record, text) + 1);
	worker->record.type = type;
	return &worker->record;
}

// Asks for MODULE's separate debug file.
static int ask_for_debug_file(struct worker *worker, struct module *module)
{
	struct wire_record *record = new_record(worker, WIRE_REQUEST);
	int fd, r;

	record->kind = WIRE_REQUEST_DEBUG;
	record->build_id = module->build_id;
	if ((r = wire_send(worker->socket, record, -EBADF)) < 0)
		return r;
	r = wire_receive(worker->socket, record, &fd);
	if (r <= 0 || record->type != WIRE_FILE) {
		close_fd(&fd);
		return r < 0 ? r : -EPROTO;
	}
	if (fd >= 0)
		module_add_debug_file(module, fd);
	return 0;
}

static int send_symbol(struct worker *worker, const struct symbol_query *query)
{
	auto_free char *name = symbol_display_name(query->name, worker->options->raw);
	struct wire_record *record = new_record(worker, WIRE_SYMBOL);

	if (!name)
		return -ENOMEM;
	record->value = query->start;
	snprintf(record->text, sizeof(record->text), "%s", name);
	worker->symbol_count++;
	return wire_send(worker->socket, record, -EBADF);
}

static int compare_rows(const void *a, const void *b)
{
	const struct location_row *x = *(struct location_row *const *)a;
	const struct location_row *y = *(struct location_row *const *)b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

// Names the COUNT ROWS, which lie in one module and ascend, and sends the names.
static int name_module(struct worker *worker, struct location_row **rows, size_t count)
{
	struct module *module = space_module(&worker->space, rows[0]->module);
	auto_free struct symbol_query *queries = calloc(count, sizeof(*queries));
	int r;

	if (!queries)
		return -ENOMEM;
	if (!symbols_are_complete(module) && module->build_id.len > 0 &&
		(r = ask_for_debug_file(worker, module)) < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		queries[i].vaddr = rows[i]->vaddr;
	symbols_resolve(module, queries, count);

	for (size_t i = 0; i < count; i++) {
		const struct symbol_query *before = i > 0 ? &queries[i - 1] : NULL;
		if (!queries[i].name)
			continue;
		// Addresses of one function stand side by side and share its name.
		if (!before || before->name != queries[i].name || before->start != queries[i].start)
			if ((r = send_symbol(worker, &queries[i])) < 0)
				return r;
		rows[i]->symbol = (int)worker->symbol_count - 1;
	}
	return 0;
}

static int name_all(struct worker *worker)
{
	size_t count = worker->locations.count;
	auto_free struct location_row **rows = calloc(count + 1, sizeof(struct location_row *));

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		rows[i] = &worker->locations.rows[i];
	qsort(rows, count, sizeof(struct location_row *), compare_rows);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && rows[end]->module == rows[first]->module;)
			end++;
		if (rows[first]->module == SNAPSHOT_NO_MODULE)
			continue;
		int r = name_module(worker, rows + first, end - first);
		if (r < 0)
			return r;
	}
	return 0;
}

static int send_modules(struct worker *worker)
{
	for (size_t i = 0; i < worker->snapshot->module_count; i++) {
		const struct module *module = &worker->space.modules[i];
		struct wire_record *record = new_record(worker, WIRE_MODULE);
		if (!module->opened)
			continue;
		record->index = (uint32_t)i;
		record->build_id = module->build_id;
		memcpy(record->text, module->note, sizeof(module->note));
		int r = wire_send(worker->socket, record, -EBADF);
		if (r < 0)
			return r;
	}
	return 0;
}

// Frame INDEX of the chains into *TO.
static void fill_frame(const struct worker *worker, size_t index, struct wire_frame *to)
{
	const struct unwind_frame *from = &worker->chains.frames[index];
	const struct location_row *row = &worker->locations.rows[worker->location_of[index]];

	*to = (struct wire_frame){.pc = from->pc,
		.vaddr = row->vaddr + (from->pc - row->pc),
		.module = row->module,
		.symbol = row->symbol,
		.signal = from->signal,
		.via = (uint8_t)from->via};
}

// Sends CHAIN as the stack of thread INDEX.
static int send_chain(struct worker *worker, const struct chain_row *chain, size_t index)
{
	struct wire_record *record;
	int r;

	for (size_t done = 0; done < chain->count; done += record->count) {
		size_t left = chain->count - done;
		record = new_record(worker, WIRE_FRAMES);
		record->index = (uint32_t)index;
		record->count = left < WIRE_FRAMES_MAX ? (uint32_t)left : WIRE_FRAMES_MAX;
		for (size_t i = 0; i < record->count; i++)
			fill_frame(worker, chain->first + done + i, &record->frames[i]);
		if ((r = wire_send(worker->socket, record, -EBADF)) < 0)
			return r;
	}
	record = new_record(worker, WIRE_THREAD);
	record->index = (uint32_t)index;
	record->status = chain->end.status;
	record->value = chain->end.overflow_sp;
	memcpy(record->text, chain->end.reason, sizeof(chain->end.reason));
	return wire_send(worker->socket, record, -EBADF);
}

// Sends that the threads behind FIRST in its list have its stack.
static int send_others(struct worker *worker, uint32_t first)
{
	struct wire_record *record = NULL;
	int r;

	for (uint32_t i = worker->next[first]; i != NO_THREAD; i = worker->next[i]) {
		if (!record || record->count == WIRE_THREADS_MAX) {
			if (record && (r = wire_send(worker->socket, record, -EBADF)) < 0)
				return r;
			record = new_record(worker, WIRE_SAME);
			record->index = first;
		}
		record->threads[record->count++] = i;
	}
	return record ? wire_send(worker->socket, record, -EBADF) : 0;
}

// Sends each chain with the threads that have it.
static int send_stacks(struct worker *worker)
{
	const struct snapshot *snapshot = worker->snapshot;
	auto_free uint32_t *first = calloc(worker->chains.count + 1, sizeof(*first));
	int r = first ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < worker->chains.count; i++)
		first[i] = NO_THREAD;
	for (size_t i = snapshot->thread_count; r == 0 && i-- > 0;) {
		if (snapshot->threads[i].status != SNAPSHOT_THREAD_CAPTURED)
			continue;
		worker->next[i] = first[worker->chain_of[i]];
		first[worker->chain_of[i]] = (uint32_t)i;
	}
	for (size_t i = 0; r == 0 && i < worker->chains.count; i++) {
		r = send_chain(worker, &worker->chains.rows[i], first[i]);
		if (r == 0)
			r = send_others(worker, first[i]);
	}
	return r;
}

static int run(struct worker *worker)
{
	int r;

	if ((r = unwind_all(worker)) < 0 || (r = locate_all(worker)) < 0 ||
		(r = name_all(worker)) < 0 || (r = send_modules(worker)) < 0 ||
		(r = send_stacks(worker)) < 0)
		return r;
	return wire_send(worker->socket, new_record(worker, WIRE_DONE), -EBADF);
}

int worker_run(int socket, const struct snapshot *snapshot, const struct worker_options *options)
{
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
	struct worker *worker = calloc(1, sizeof(*worker));
	int r = -ENOMEM;

	if (!worker)
		return r;
	sigaction(SIGBUS, &action, NULL);
	*worker = (struct worker){.socket = socket, .snapshot = snapshot, .options = options};
	worker->chain_of = calloc(snapshot->thread_count + 1, sizeof(*worker->chain_of));
	worker->next = calloc(snapshot->thread_count + 1, sizeof(*worker->next));
	worker->chain = calloc(options->max_frames + 1, sizeof(*worker->chain));
	if (worker->chain_of && worker->next && worker->chain &&
		space_init(&worker->space, snapshot) == 0 &&
		locations_init(&worker->locations) == 0 && chains_init(&worker->chains) == 0)
		r = run(worker);
	chains_fini(&worker->chains);
	locations_fini(&worker->locations);
	space_fini(&worker->space);
	free(worker->chain);
	free(worker->location_of);
	free(worker->chain_of);
	free(worker->next);
	free(worker);
	return r;
}
