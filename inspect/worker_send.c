// SPDX-License-Identifier: GPL-2.0-or-later
// What the worker sends of what it has found.
#include "worker_state.h"

#include "cleanup.h"
#include "needed.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct wire_record *worker_record(struct worker *worker, enum wire_type type)
{
	memset(&worker->record, 0, offsetof(struct wire_record, text) + 1);
	worker->record.type = type;
	return &worker->record;
}

int worker_send_module(struct worker *worker, size_t index, const char *note, bool is_damage)
{
	struct wire_record *record = worker_record(worker, WIRE_MODULE);

	record->index = (uint32_t)index;
	record->status = is_damage;
	record->build_id = worker->space.modules[index]->build_id;
	snprintf(record->text, sizeof(record->text), "%s", note);
	return wire_put(&worker->out, record);
}

static int send_modules(struct worker *worker)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < worker->snapshot.module_count; i++)
		if (worker->space.modules[i]->opened)
			r = worker_send_module(worker, i, space_note(&worker->space, (int)i),
				worker->space.modules[i]->damaged);
	return r;
}

// Frame INDEX of the chains into *TO.
static void fill_frame(const struct worker *worker, size_t index, struct wire_frame *to)
{
	const struct unwind_frame *from = &worker->chains.frames[index];
	uint32_t location = worker->location_of[index];
	const struct location_row *row = &worker->locations.rows[location];

	*to = (struct wire_frame){.pc = from->pc,
		.vaddr = row->vaddr + (from->pc - row->pc),
		.module = row->module == space_made(&worker->space) ? STACK_NO_INDEX : row->module,
		.symbol = row->symbol,
		.location = location < WIRE_LOCATIONS_MAX ? (int32_t)location : STACK_NO_INDEX,
		.signal = from->signal,
		.via = (uint8_t)from->via};
}

int worker_send_chain(struct worker *worker, const struct chain_row *chain, size_t index)
{
	struct wire_record *record;
	int r;

	for (size_t done = 0; done < chain->count; done += record->count) {
		size_t left = chain->count - done;
		record = worker_record(worker, WIRE_FRAMES);
		record->index = (uint32_t)index;
		record->count = left < WIRE_FRAMES_MAX ? (uint32_t)left : WIRE_FRAMES_MAX;
		for (size_t i = 0; i < record->count; i++)
			fill_frame(worker, chain->first + done + i, &record->frames[i]);
		if ((r = wire_put(&worker->out, record)) < 0)
			return r;
	}
	record = worker_record(worker, WIRE_THREAD);
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
			record = worker_record(worker, WIRE_SAME);
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
		if (first[i] == NO_THREAD) // a goroutine's, or one that did not hold
			continue;
		r = worker_send_chain(worker, &worker->chains.rows[i], first[i]);
		if (r == 0)
			r = send_others(worker, first[i]);
	}
	return r;
}

static int send_verify(struct worker *worker, size_t index)
{
	const struct stack_verify *verify = &worker->verifies[index];
	struct wire_record *record = worker_record(worker, WIRE_VERIFY);

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

// Says what is needed of the file FD, which is ELF, of MODULE.
static int send_parts(struct worker *worker, enum wire_parts_kind kind, uint32_t index,
	const struct module *module, Elf *elf, int fd)
{
	bool asked = kind == WIRE_PARTS_ASKED;
	struct wire_record *record = worker_record(worker, WIRE_PARTS);
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

// Says that all of the perf map is needed, if there is one.
static int send_perfmap_needed(struct worker *worker)
{
	struct wire_record *record = worker_record(worker, WIRE_PARTS);

	if (worker->asking.perfmap_len == 0)
		return 0;
	record->kind = WIRE_PARTS_ASKED;
	record->index = worker->asking.perfmap;
	record->count = 1;
	record->parts[0] = (struct file_part){0, worker->asking.perfmap_len};
	return wire_put(&worker->out, record);
}

// The same of all modules, if somebody wants to know: which of them have frames is not asked.
static int send_needed(struct worker *worker)
{
	int r = worker->options->keep ? send_perfmap_needed(worker) : 0;

	for (size_t i = 0; worker->options->keep && r == 0 && i < worker->snapshot.module_count;
		i++)
		r = send_needed_of(worker, (uint32_t)i);
	return r;
}

int worker_send_found(struct worker *worker)
{
	int r;

	if ((r = send_modules(worker)) < 0 || (r = send_stacks(worker)) < 0 ||
		(r = worker_send_goroutines(worker)) < 0 || (r = send_verifies(worker)) < 0)
		return r;
	return send_needed(worker);
}
