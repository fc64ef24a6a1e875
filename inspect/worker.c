// SPDX-License-Identifier: GPL-2.0-or-later
// The worker: unwind all, name all, send all.
#include "worker.h"

#include "asking.h"
#include "chains.h"
#include "cleanup.h"
#include "locations.h"
#include "naming.h"
#include "needed.h"
#include "sandbox.h"
#include "shelf.h"
#include "symbols.h"
#include "sys.h"
#include "unwind.h"
#include "verify.h"
#include "wire.h"
#include "work.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum {
	PAGE = 4096,
	OPENED_AHEAD = 16, // modules that are opened before it is known what threads are in
};

static const uint32_t NO_THREAD = UINT32_MAX;

static const struct unwinder *const unwinder = &unwinder_rows;

struct worker {
	const struct worker_options *options;
	struct shelf shelf;       // the modules, also of the snapshots before
	uint32_t turn;            // the number of the snapshot, from 1
	struct snapshot snapshot; // as in the work, but for the files
	struct space space;
	void *engine;
	struct locations locations;
	struct chains chains;
	uint32_t *chain_of;            // each thread's
	uint32_t *next;                // each thread's: the next one with its chain, or NO_THREAD
	uint32_t *location_of;         // each frame's of the chains
	struct unwind_frame *chain;    // room for one
	struct unwind_frame *other;    // and for one of the second engine, if asked for
	struct stack_verify *verifies; // what came of that for each thread
	uint32_t symbol_count;         // sent so far
	struct asking asking;
	// Large, and not zero in the beginning:
	struct wire_record record; // the one that is being sent or received
	struct wire_in in;
	struct wire_out out;
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
		unwinder->unwind(worker->engine, thread, worker->chain, worker->options->max_frames,
			&count, &end);
		if (second)
			verify(worker, second, i, count, &end);
		r = chains_add(&worker->chains, worker->chain, count, &end, &worker->chain_of[i]);
	}
	if (second)
		unwinder_libdwfl.close(second);
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

// Says what is needed of the file FD, which is ELF, of MODULE.
static int send_parts(struct worker *worker, enum wire_parts_kind kind, uint32_t index,
	const struct module *module, Elf *elf, int fd)
{
	bool asked = kind == WIRE_PARTS_ASKED;
	struct wire_record *record = new_record(worker, WIRE_PARTS);
	struct stat st;
	size_t count;

	if (fstat(fd, &st) < 0)
		return 0;
	int r = needed_parts(elf, asked, (uint64_t)st.st_size, record->parts, &count);
	if (r == -E2BIG)
		count = 0;
	else if (r < 0)
		return r;
	// One that was recognized by its sum has to have the same sum again.
	if (asked && count > 0 && !module->extras[EXTRA_FILE].by_id) {
		record->parts[0] = (struct file_part){0, (uint64_t)st.st_size};
		count = 1;
	}
	record->kind = kind;
	record->index = index;
	record->build_id = module->build_id;
	record->count = (uint32_t)count;
	return wire_put(&worker->out, record);
}

// The number of NAME among those that are sent of this snapshot, into *RET; it is sent the first
// time.
static int send_name(struct worker *worker, struct name *name, int *ret)
{
	if (name->turn != worker->turn) {
		struct wire_record *record = new_record(worker, WIRE_SYMBOL);
		record->value = name->start;
		snprintf(record->text, sizeof(record->text), "%s", name->text);
		int r = wire_put(&worker->out, record);
		if (r < 0)
			return r;
		name->turn = worker->turn;
		name->number = worker->symbol_count++;
	}
	*ret = (int)name->number;
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct location_row *x = *(struct location_row *const *)a;
	const struct location_row *y = *(struct location_row *const *)b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

// Tells that names are looked for in module INDEX, if somebody wants to know.
static int send_naming(struct worker *worker, int index)
{
	struct wire_record *record = new_record(worker, WIRE_NAMING);
	int r;

	if (!worker->options->tell)
		return 0;
	record->index = (uint32_t)index;
	r = wire_put(&worker->out, record);
	return r < 0 ? r : wire_flush(&worker->out);
}

// Names the COUNT ROWS, which lie in one module and ascend, and sends the names.
static int name_module(struct worker *worker, struct location_row **rows, size_t count)
{
	const int index = rows[0]->module;
	const struct names *names = names_of(space_module(&worker->space, index));
	auto_free struct symbol_query *queries = calloc(count, sizeof(*queries));
	size_t unknown = 0;
	int r = names && queries ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		if (!names_find(names, rows[i]->vaddr))
			queries[unknown++].vaddr = rows[i]->vaddr;
	if (r == 0 && unknown > 0)
		r = send_naming(worker, index);
	if (r == 0 && unknown > 0)
		r = naming_find(&worker->space, index, worker->options->raw, queries, unknown);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct name *name = names_find(names, rows[i]->vaddr)->name;
		if (name)
			r = send_name(worker, name, &rows[i]->symbol);
	}
	return r;
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
	for (size_t i = 0; i < worker->snapshot.module_count; i++) {
		const struct module *module = worker->space.modules[i];
		struct wire_record *record = new_record(worker, WIRE_MODULE);
		if (!module->opened)
			continue;
		record->index = (uint32_t)i;
		record->build_id = module->build_id;
		memcpy(record->text, module->note, sizeof(module->note));
		int r = wire_put(&worker->out, record);
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
		if ((r = wire_put(&worker->out, record)) < 0)
			return r;
	}
	record = new_record(worker, WIRE_THREAD);
	record->index = (uint32_t)index;
	record->status = chain->end.status;
	record->value = chain->end.overflow_sp;
	memcpy(record->text, chain->end.reason, sizeof(chain->end.reason));
	return wire_put(&worker->out, record);
}

// Sends that the threads behind FIRST in its list have its stack.
static int send_others(struct worker *worker, uint32_t first)
{
	struct wire_record *record = NULL;
	int r;

	for (uint32_t i = worker->next[first]; i != NO_THREAD; i = worker->next[i]) {
		if (!record || record->count == WIRE_THREADS_MAX) {
			if (record && (r = wire_put(&worker->out, record)) < 0)
				return r;
			record = new_record(worker, WIRE_SAME);
			record->index = first;
		}
		record->threads[record->count++] = i;
	}
	return record ? wire_put(&worker->out, record) : 0;
}

// Sends each chain with the threads that have it.
static int send_stacks(struct worker *worker)
{
	const struct snapshot *snapshot = &worker->snapshot;
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

static int send_verify(struct worker *worker, size_t index)
{
	const struct stack_verify *verify = &worker->verifies[index];
	struct wire_record *record = new_record(worker, WIRE_VERIFY);

	record->index = (uint32_t)index;
	record->status = verify->result;
	record->count = (uint32_t)verify->same;
	record->kind = verify->other_goes_on;
	record->value = verify->other_pc;
	memcpy(record->text, verify->reason, sizeof(verify->reason));
	return wire_put(&worker->out, record);
}

// Sends what the second engine has found, if it was asked.
static int send_verifies(struct worker *worker)
{
	int r = 0;

	for (size_t i = 0; r == 0 && worker->verifies && i < worker->snapshot.thread_count; i++)
		if (worker->snapshot.threads[i].status == SNAPSHOT_THREAD_CAPTURED)
			r = send_verify(worker, i);
	return r;
}

// Says what is needed of the files of module INDEX: of its own, and of its separate debug file.
static int send_needed_of(struct worker *worker, uint32_t index)
{
	const struct module *module = space_module(&worker->space, (int)index);
	const struct extra *extra = &module->extras[EXTRA_FILE];
	int fd = worker->snapshot.modules[index].fd;
	int r = fd < 0 ? 0 : send_parts(worker, WIRE_PARTS_MODULE, index, module, module->elf, fd);

	if (r < 0 || !extra->elf)
		return r;
	return send_parts(worker, WIRE_PARTS_ASKED, worker->asking.last[index], module, extra->elf,
		extra->fd);
}

// The same of all modules, if somebody wants to know: which of them have frames is not asked.
static int send_needed(struct worker *worker)
{
	int r = 0;

	for (size_t i = 0; worker->options->keep && r == 0 && i < worker->snapshot.module_count;
		i++)
		r = send_needed_of(worker, (uint32_t)i);
	return r;
}

static int run(struct worker *worker)
{
	int r;

	asking_begin(&worker->asking);
	if ((r = unwind_all(worker)) < 0 || (r = locate_all(worker)) < 0 ||
		(r = name_all(worker)) < 0 || (r = send_modules(worker)) < 0 ||
		(r = send_stacks(worker)) < 0 || (r = send_verifies(worker)) < 0 ||
		(r = send_needed(worker)) < 0)
		return r;
	return wire_put(&worker->out, new_record(worker, WIRE_DONE));
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

// Makes memory for stacks present, before they come.
static void make_room(const struct worker *worker, const struct work *work)
{
	uint64_t len =
		worker->record.value < work->room_len ? worker->record.value : work->room_len;

	sys_populate(work->room, len & ~(uint64_t)(PAGE - 1));
}

// Drops what was of the snapshot before. Fails with -ENOMEM.
static int forget(struct worker *worker)
{
	const size_t first = offsetof(struct worker, snapshot);
	int r;

	if (worker->turn++ > 0) {
		if (worker->engine)
			unwinder->close(worker->engine);
		worker->shelf.budget = worker->space.extra_budget;
		space_fini(&worker->space);
		locations_fini(&worker->locations);
		chains_fini(&worker->chains);
		free(worker->snapshot.modules);
		asking_fini(&worker->asking);
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
	return worker->shelf.slots ? 0 : shelf_init(&worker->shelf);
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
	worker->snapshot.modules = calloc(count + 1, sizeof(*worker->snapshot.modules));
	if (!worker->snapshot.modules)
		return -ENOMEM;
	memcpy(worker->snapshot.modules, work->snapshot.modules,
		count * sizeof(*worker->snapshot.modules));
	if ((r = receive_files(worker)) <= 0)
		return r < 0 ? r : -EPIPE;
	if ((r = shelf_take_all(&worker->shelf, &worker->snapshot, &modules)) < 0 ||
		(r = space_init_with(&worker->space, &worker->snapshot, modules)) < 0)
		return r;
	worker->space.extra_budget = worker->shelf.budget;
	if ((r = asking_init(&worker->asking, &worker->in, &worker->out, &worker->record,
		     &worker->space)) < 0)
		return r;
	for (size_t i = 0; i < count && i < OPENED_AHEAD; i++)
		space_module(&worker->space, (int)i);
	worker->engine = unwinder->open(&worker->space);
	return worker->engine ? 0 : -ENOMEM;
}

// Takes the threads and stacks of WORK.
static int take_threads(struct worker *worker, const struct work *work)
{
	size_t count = work->snapshot.thread_count;

	worker->snapshot.threads = work->snapshot.threads;
	worker->snapshot.thread_count = count;
	worker->snapshot.stacks = work->snapshot.stacks;
	worker->snapshot.stacks_len = work->snapshot.stacks_len;
	worker->chain_of = calloc(count + 1, sizeof(*worker->chain_of));
	worker->next = calloc(count + 1, sizeof(*worker->next));
	worker->chain = reallocarray(NULL, worker->options->max_frames + 1, sizeof(*worker->chain));
	if (!worker->chain_of || !worker->next || !worker->chain)
		return -ENOMEM;
	if (!worker->options->verify)
		return 0;
	worker->verifies = calloc(count + 1, sizeof(*worker->verifies));
	worker->other = reallocarray(NULL, worker->options->max_frames + 1, sizeof(*worker->other));
	return worker->verifies && worker->other ? 0 : -ENOMEM;
}

// Does what a record of TYPE, the one that has come, says. Returns 0, or -errno.
static int obey(struct worker *worker, const struct work *work, uint32_t type)
{
	int r;

	if (type == WIRE_ROOM)
		make_room(worker, work);
	if (type == WIRE_ROOM || type == WIRE_MODULES)
		return type == WIRE_ROOM ? 0 : prepare(worker, work);
	if (type != WIRE_THREADS || !worker->engine || worker->chain)
		return -EPROTO;
	if ((r = take_threads(worker, work)) < 0 || (r = run(worker)) < 0)
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
		close_fd(&fd);
		r = obey(worker, work, worker->record.type);
		if (r < 0 || (worker->chain && worker->options->once))
			return r;
	}
	return r;
}

int worker_live(const struct work *work)
{
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
	struct error err = {0};

	if (sandbox_enter(work->keeper, &work->socket, 1, &err) < 0)
		return 1;
	struct worker *worker = malloc(sizeof(*worker));
	if (!worker)
		return 1;
	memset(worker, 0, offsetof(struct worker, record));
	wire_in_init(&worker->in, work->socket);
	wire_out_init(&worker->out, work->socket);
	worker->options = &work->options;
	sigaction(SIGBUS, &action, NULL);
	return do_work(worker, work) < 0;
}
