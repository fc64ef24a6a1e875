// SPDX-License-Identifier: GPL-2.0-or-later
// Requests and their answers.
#include "asking.h"

#include "cleanup.h"
#include "debuglink.h"
#include "symbols.h"

#include <stdio.h>
#include <string.h>

// Asks for what may be the separate debug file of module INDEX, which LINK names, from PLACE on.
static int ask(struct asking *asking, int index, const struct debuglink *link, unsigned place)
{
	struct wire_record *record = asking->record;
	int r;

	if (asking->count == WIRE_REQUESTS_MAX)
		return -EMFILE;
	asking->last[index] = asking->count++;
	memset(record, 0, offsetof(struct wire_record, text) + 1);
	record->type = WIRE_REQUEST;
	record->kind = WIRE_REQUEST_DEBUG;
	record->index = (uint32_t)index;
	record->count = place;
	record->build_id = asking->space->modules[index]->build_id;
	snprintf(record->text, sizeof(record->text), "%s", link->name);
	r = wire_put(asking->out, record);
	return r < 0 ? r : wire_flush(asking->out);
}

// Receives the answer to what was asked: a file, or -errno; where it is from to *RET_PLACE.
static int take(struct asking *asking, unsigned *ret_place)
{
	int fd;
	int r = wire_receive(asking->in, asking->record, &fd);

	if (r <= 0 || asking->record->type != WIRE_FILE) {
		close_fd(&fd);
		return r < 0 ? r : -EPROTO;
	}
	*ret_place = asking->record->count;
	return fd;
}

// Answers come in the order of what was asked: so that of what was asked ahead comes first.
static void take_ahead(struct asking *asking)
{
	if (!asking->ahead.asked || asking->ahead.answered)
		return;
	asking->ahead.fd = take(asking, &asking->ahead.place);
	asking->ahead.answered = true;
}

// Opens what may be the separate debug file of module INDEX (space.h).
static int open_debug(void *arg, int index, const struct debuglink *link, unsigned *place)
{
	struct asking *asking = arg;

	take_ahead(asking);
	if (asking->ahead.answered && asking->ahead.index == index && *place == 0) {
		asking->ahead.answered = asking->ahead.asked = false;
		*place = asking->ahead.place;
		return take_fd(&asking->ahead.fd);
	}
	int r = ask(asking, index, link, *place);
	return r < 0 ? r : take(asking, place);
}

int asking_init(struct asking *asking, struct wire_in *in, struct wire_out *out,
	struct wire_record *record, struct space *space)
{
	*asking = (struct asking){.in = in, .out = out, .record = record, .space = space};
	asking->last = calloc(space->snapshot->module_count + 1, sizeof(*asking->last));
	if (!asking->last)
		return -ENOMEM;
	space->open_debug = open_debug;
	space->open_debug_arg = asking;
	return 0;
}

void asking_fini(struct asking *asking)
{
	free(asking->last);
	memset(asking, 0, sizeof(*asking));
}

void asking_begin(struct asking *asking)
{
	struct space *space = asking->space;
	const struct snapshot_thread *thread = space->snapshot->threads;
	struct debuglink link = {0};

	if (space->snapshot->thread_count == 0 || thread->status != SNAPSHOT_THREAD_CAPTURED)
		return;
	int index = space_locate(space, thread->regs[ARCH_REG_PC]).module;
	if (index == SNAPSHOT_NO_MODULE)
		return;
	const struct module *module = space_module(space, index);
	bool linked = debuglink_read(module->elf, &link) == 0;
	if (module->extras[EXTRA_FILE].sought || symbols_are_complete(module) ||
		(!linked && module->build_id.len == 0))
		return;
	asking->ahead.index = index;
	asking->ahead.fd = -EBADF;
	asking->ahead.asked = ask(asking, index, &link, 0) == 0;
}

void asking_end(struct asking *asking)
{
	take_ahead(asking);
	if (asking->ahead.answered)
		close_fd(&asking->ahead.fd);
	asking->ahead.asked = asking->ahead.answered = false;
}
