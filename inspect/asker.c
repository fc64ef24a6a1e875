// SPDX-License-Identifier: GPL-2.0-or-later
// Requests, and their answers.
#include "asker.h"

#include "cleanup.h"
#include "debuglink.h"
#include "symbols.h"

#include <stdio.h>
#include <string.h>

// Asks for a file of KIND beside module INDEX, which NAME and ID tell, from PLACE on.
static int ask(struct asker *asker, int index, enum wire_request_kind kind, const char *name,
	const struct buildid *id, unsigned place)
{
	struct wire_record *record = asker->record;
	int r;

	if (asker->requests++ == WIRE_REQUESTS_MAX)
		return -EMFILE;
	memset(record, 0, offsetof(struct wire_record, text));
	record->type = WIRE_REQUEST;
	record->kind = kind;
	record->index = (uint32_t)index;
	record->count = place;
	record->build_id = *id;
	snprintf(record->text, sizeof(record->text), "%s", name);
	r = wire_put(asker->out, record);
	return r < 0 ? r : wire_flush(asker->out);
}

// Asks for what may be the separate debug file of module INDEX, which LINK names, from PLACE on.
static int ask_debug(struct asker *asker, int index, const struct debuglink *link, unsigned place)
{
	asker->last_request[index] = asker->debug_requests++;
	return ask(asker, index, WIRE_REQUEST_DEBUG, link->name,
		&asker->space->modules[index].build_id, place);
}

// Receives the answer to what was asked: a file, or -errno; where it is from to *RET_PLACE.
static int take_file(struct asker *asker, unsigned *ret_place)
{
	struct wire_record *record = asker->record;
	int fd;
	int r = wire_receive(asker->in, record, &fd);

	if (r <= 0 || record->type != WIRE_FILE) {
		close_fd(&fd);
		return r < 0 ? r : -EPROTO;
	}
	*ret_place = record->count;
	return fd;
}

void asker_ask_ahead(struct asker *asker)
{
	const struct snapshot_thread *thread = asker->space->snapshot->threads;
	struct debuglink link = {0};

	if (asker->space->snapshot->thread_count == 0 || thread->status != SNAPSHOT_THREAD_CAPTURED)
		return;
	int index = space_locate(asker->space, thread->regs[ARCH_REG_PC]).module;
	if (index == SNAPSHOT_NO_MODULE)
		return;
	const struct module *module = space_module(asker->space, index);
	bool linked = debuglink_read(module->elf, &link) == 0;
	if (symbols_are_complete(module) || (!linked && module->build_id.len == 0))
		return;
	asker->ahead = (struct ahead){.index = index, .fd = -EBADF};
	asker->ahead.asked = ask_debug(asker, index, &link, 0) == 0;
}

// Receives what was asked for ahead: answers come in the order of what was asked.
static void take_ahead(struct asker *asker)
{
	struct ahead *ahead = &asker->ahead;

	if (!ahead->asked || ahead->answered)
		return;
	ahead->fd = take_file(asker, &ahead->place);
	ahead->answered = true;
}

void asker_finish(struct asker *asker)
{
	take_ahead(asker);
}

// Opens what may be the separate debug file of module INDEX (space.h).
static int open_debug(void *arg, int index, const struct debuglink *link, unsigned *place)
{
	struct asker *asker = arg;
	struct ahead *ahead = &asker->ahead;

	take_ahead(asker);
	if (ahead->answered && ahead->index == index && *place == 0) {
		ahead->answered = ahead->asked = false;
		*place = ahead->place;
		return take_fd(&ahead->fd);
	}
	int r = ask_debug(asker, index, link, *place);
	return r < 0 ? r : take_file(asker, place);
}

int asker_open_file(void *arg, int index, enum wire_request_kind kind, const char *name,
	const struct buildid *id, unsigned *place)
{
	struct asker *asker = arg;

	take_ahead(asker);
	int r = ask(asker, index, kind, name, id, *place);
	return r < 0 ? r : take_file(asker, place);
}

int asker_init(struct asker *asker, struct space *space, struct wire_in *in, struct wire_out *out,
	struct wire_record *record)
{
	*asker = (struct asker){.space = space, .in = in, .out = out, .record = record};
	asker->last_request =
		calloc(space->snapshot->module_count + 1, sizeof(*asker->last_request));
	space->open_debug = open_debug;
	space->open_debug_arg = asker;
	return asker->last_request ? 0 : -ENOMEM;
}
