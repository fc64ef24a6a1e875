// SPDX-License-Identifier: GPL-2.0-or-later
// What the worker asks nspeek for.
#include "worker_state.h"

#include "cleanup.h"
#include "symbols.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct wire_record *worker_record(struct worker *worker, enum wire_type type)
{
	memset(&worker->record, 0, offsetof(struct wire_record, text) + 1);
	worker->record.type = type;
	return &worker->record;
}

// Asks for the file that the record describes, from PLACE on.
static int ask(struct worker *worker, unsigned place)
{
	int r;

	if (worker->requests++ == WIRE_REQUESTS_MAX)
		return -EMFILE;
	worker->record.count = place;
	r = wire_put(&worker->out, &worker->record);
	return r < 0 ? r : wire_flush(&worker->out);
}

// Asks for what may be the separate debug file of module INDEX, which LINK names, from PLACE on.
static int ask_debug(struct worker *worker, int index, const struct debuglink *link, unsigned place)
{
	struct wire_record *record = worker_record(worker, WIRE_REQUEST);

	worker->last_request[index] = worker->requests;
	record->kind = WIRE_REQUEST_DEBUG;
	record->index = (uint32_t)index;
	record->build_id = worker->space.modules[index].build_id;
	snprintf(record->text, sizeof(record->text), "%s", link->name);
	return ask(worker, place);
}

// Receives the answer to what was asked: a file, or -errno; where it is from to *RET_PLACE.
static int take_file(struct worker *worker, unsigned *ret_place)
{
	struct wire_record *record = &worker->record;
	int fd;
	int r = wire_receive(&worker->in, record, &fd);

	if (r <= 0 || record->type != WIRE_FILE) {
		close_fd(&fd);
		return r < 0 ? r : -EPROTO;
	}
	*ret_place = record->count;
	return fd;
}

void worker_ask_ahead(struct worker *worker)
{
	const struct snapshot_thread *thread = worker->snapshot.threads;
	struct debuglink link = {0};

	if (worker->snapshot.thread_count == 0 || thread->status != SNAPSHOT_THREAD_CAPTURED)
		return;
	int index = space_locate(&worker->space, thread->regs[ARCH_REG_PC]).module;
	if (index == SNAPSHOT_NO_MODULE || index == space_made(&worker->space))
		return;
	const struct module *module = space_module(&worker->space, index);
	bool linked = debuglink_read(module->elf, &link) == 0;
	if (symbols_are_complete(module) || (!linked && module->build_id.len == 0))
		return;
	worker->ahead = (struct ahead){.index = index, .fd = -EBADF};
	worker->ahead.asked = ask_debug(worker, index, &link, 0) == 0;
}

// Takes the answer to what was asked ahead, if there is one: answers come in the order of what was
// asked.
static void take_ahead(struct worker *worker)
{
	struct ahead *ahead = &worker->ahead;

	if (!ahead->asked || ahead->answered)
		return;
	ahead->fd = take_file(worker, &ahead->place);
	ahead->answered = true;
}

// Opens what may be the separate debug file of module INDEX (space.h).
static int open_debug(void *arg, int index, const struct debuglink *link, unsigned *place)
{
	struct worker *worker = arg;
	struct ahead *ahead = &worker->ahead;

	take_ahead(worker);
	if (ahead->answered && ahead->index == index && *place == 0) {
		ahead->answered = ahead->asked = false;
		*place = ahead->place;
		return take_fd(&ahead->fd);
	}
	int r = ask_debug(worker, index, link, *place);
	return r < 0 ? r : take_file(worker, place);
}

// Opens what may be the perf map of the process (space.h).
static int open_perfmap(void *arg, unsigned *place)
{
	struct worker *worker = arg;
	struct wire_record *record;
	struct stat st;

	take_ahead(worker);
	record = worker_record(worker, WIRE_REQUEST);
	worker->perfmap_request = worker->requests;
	record->kind = WIRE_REQUEST_PERFMAP;
	record->index = (uint32_t)worker->snapshot.module_count;
	int r = ask(worker, *place);
	int fd = r < 0 ? r : take_file(worker, place);
	if (fd >= 0 && fstat(fd, &st) == 0)
		worker->perfmap_len = (uint64_t)st.st_size;
	return fd;
}

// Reads memory of the process (space.h).
static int read_memory(void *arg, struct memory_range *ranges, size_t count, unsigned char *bytes)
{
	struct worker *worker = arg;
	struct wire_record *record;
	uint64_t got, at = 0;
	int received, r;

	take_ahead(worker);
	record = worker_record(worker, WIRE_READ);
	record->count = (uint32_t)count;
	memcpy(record->ranges, ranges, count * sizeof(*ranges));
	if ((r = wire_put(&worker->out, record)) < 0 || (r = wire_flush(&worker->out)) < 0)
		return r;
	r = wire_receive(&worker->in, record, &received);
	auto_fd int fd = received;
	if (r <= 0 || record->type != WIRE_FILE)
		return r < 0 ? r : -EPROTO;
	if (fd < 0)
		return -EIO;
	for (size_t i = 0; i < count; i++) {
		size_t len = ranges[i].len;
		if (pread(fd, &got, sizeof(got), (off_t)at) != sizeof(got) ||
			pread(fd, bytes, len, (off_t)(at + sizeof(got))) != (ssize_t)len)
			return -EIO;
		if (got != len)
			ranges[i].len = 0;
		at += sizeof(got) + len;
		bytes += len;
	}
	return 0;
}

void worker_ask_end(struct worker *worker)
{
	take_ahead(worker);
	if (worker->ahead.answered)
		close_fd(&worker->ahead.fd);
}

void worker_ask_init(struct worker *worker)
{
	worker->space.open_debug = open_debug;
	worker->space.open_debug_arg = worker;
	worker->space.open_perfmap = open_perfmap;
	worker->space.read_memory = read_memory;
}
