// SPDX-License-Identifier: GPL-2.0-or-later
// Asking for files.
#include "asking.h"

#include "cleanup.h"
#include "debuglink.h"
#include "symbols.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SPIN_US = 150 }; // that it takes to open a file

static struct wire_record *new_record(struct asking *asking, enum wire_type type)
{
	memset(asking->record, 0, offsetof(struct wire_record, text) + 1);
	asking->record->type = type;
	return asking->record;
}

// Asks for a file of KIND for module INDEX, which NAME and ID tell, from PLACE on.
static int ask(struct asking *asking, int index, enum wire_request_kind kind, const char *name,
	const struct buildid *id, unsigned place)
{
	struct wire_record *record;
	int r;

	if (asking->requests++ == WIRE_REQUESTS_MAX)
		return -EMFILE;
	asking->kept += wire_is_kept(kind);
	record = new_record(asking, WIRE_REQUEST);
	record->kind = kind;
	record->index = (uint32_t)index;
	record->count = place;
	record->build_id = *id;
	snprintf(record->text, sizeof(record->text), "%s", name);
	r = wire_put(asking->out, record);
	return r < 0 ? r : wire_flush(asking->out);
}

// Asks for what may be the separate debug file of module INDEX, which LINK names, from PLACE on.
static int ask_debug(struct asking *asking, int index, const struct debuglink *link, unsigned place)
{
	asking->last[index] = asking->kept;
	return ask(asking, index, WIRE_REQUEST_DEBUG, link->name,
		&asking->space->modules[index]->build_id, place);
}

// Receives the answer to what was asked into the record, with its fd, which is the caller's, to
// *RET_FD. Returns 0 or -errno.
static int receive(struct asking *asking, int *ret_fd)
{
	struct wire_record *record = asking->record;
	int r = wire_receive(asking->in, record, ret_fd);

	if (r > 0 && record->type == WIRE_THREADS && !asking->told) {
		asking->told = true;
		close_fd(ret_fd);
		r = wire_receive(asking->in, record, ret_fd);
	}
	if (r > 0 && record->type == WIRE_FILE)
		return 0;
	close_fd(ret_fd);
	return r < 0 ? r : -EPROTO;
}

// Receives the answer to what was asked: a file, or -errno (-EINVAL: something else is there);
// where it is from to *RET_PLACE.
static int take(struct asking *asking, unsigned *ret_place)
{
	struct wire_record *record = asking->record;
	int fd;

	if (!*asking->beside)
		wire_spin(asking->in, SPIN_US);
	int r = receive(asking, &fd);

	if (r < 0)
		return r;
	*ret_place = record->count;
	return fd < 0 && record->status == 1 ? -EINVAL : fd;
}

void asking_begin(struct asking *asking, int index)
{
	const struct module *module = space_module(asking->space, index);
	struct debuglink link = {0};
	bool linked = debuglink_read(module->elf, &link) == 0;

	if (module->extras[EXTRA_FILE].sought || symbols_are_complete(module) ||
		(!linked && module->build_id.len == 0))
		return;
	asking->ahead = (struct asking_ahead){.fd = -EBADF};
	asking->ahead.asked = ask_debug(asking, index, &link, 0) == 0;
	if (asking->ahead.asked)
		asking->space->ahead = index;
}

// Opens what may be the separate debug file of module INDEX (space.h).
static int open_debug(void *arg, int index, const struct debuglink *link, unsigned *place)
{
	struct asking *asking = arg;
	struct asking_ahead *ahead = &asking->ahead;

	asking_end(asking);
	if (ahead->answered && asking->space->ahead == index && *place == 0) {
		ahead->answered = ahead->asked = false;
		*place = ahead->place;
		return take_fd(&ahead->fd);
	}
	int r = ask_debug(asking, index, link, *place);
	return r < 0 ? r : take(asking, place);
}

void asking_end(struct asking *asking)
{
	struct asking_ahead *ahead = &asking->ahead;

	if (!ahead->asked || ahead->answered)
		return;
	ahead->fd = take(asking, &ahead->place);
	ahead->answered = true;
}

int asking_open_file(void *arg, int index, enum wire_request_kind kind, const char *name,
	const struct buildid *id, unsigned *place)
{
	struct asking *asking = arg;

	asking_end(asking);
	int r = ask(asking, index, kind, name, id, *place);
	return r < 0 ? r : take(asking, place);
}

// Opens what may be the perf map of the process (space.h).
static int open_perfmap(void *arg, unsigned *place)
{
	struct asking *asking = arg;
	const struct buildid none = {0};
	struct stat st;

	asking->perfmap = asking->kept;
	int fd = asking_open_file(asking, (int)asking->space->snapshot->module_count,
		WIRE_REQUEST_PERFMAP, "", &none, place);
	if (fd >= 0 && fstat(fd, &st) == 0)
		asking->perfmap_len = (uint64_t)st.st_size;
	return fd;
}

// Reads memory of the process (space.h).
static int read_memory(void *arg, struct memory_range *ranges, size_t count, unsigned char *bytes)
{
	struct asking *asking = arg;
	struct wire_record *record;
	uint64_t got, at = 0;
	int received, r;

	asking_end(asking);
	record = new_record(asking, WIRE_READ);
	record->count = (uint32_t)count;
	memcpy(record->ranges, ranges, count * sizeof(*ranges));
	if ((r = wire_put(asking->out, record)) < 0 || (r = wire_flush(asking->out)) < 0)
		return r;
	if ((r = receive(asking, &received)) < 0)
		return r;
	auto_fd int fd = received;
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

void asking_fini(struct asking *asking)
{
	if (asking->ahead.answered)
		close_fd(&asking->ahead.fd);
	free(asking->last);
	*asking = (struct asking){0};
}

void asking_init(struct asking *asking)
{
	struct space *space = asking->space;

	space->open_debug = open_debug;
	space->open_debug_arg = asking;
	space->open_perfmap = open_perfmap;
	space->read_memory = read_memory;
}
