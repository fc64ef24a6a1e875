// SPDX-License-Identifier: GPL-2.0-or-later
// Asking for files.
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

	if (asking->requests++ == WIRE_REQUESTS_MAX)
		return -EMFILE;
	asking->last[index] = asking->requests - 1;
	memset(record, 0, offsetof(struct wire_record, text));
	record->type = WIRE_REQUEST;
	record->kind = WIRE_REQUEST_DEBUG;
	record->index = (uint32_t)index;
	record->count = place;
	record->build_id = asking->space->modules[index].build_id;
	snprintf(record->text, sizeof(record->text), "%s", link->name);
	r = wire_put(asking->out, record);
	return r < 0 ? r : wire_flush(asking->out);
}

// Receives the answer to what was asked: a file, or -errno; where it is from to *RET_PLACE.
static int take(struct asking *asking, unsigned *ret_place)
{
	struct wire_record *record = asking->record;
	int fd;
	int r = wire_receive(asking->in, record, &fd);

	if (r <= 0 || record->type != WIRE_FILE) {
		close_fd(&fd);
		return r < 0 ? r : -EPROTO;
	}
	*ret_place = record->count;
	return fd;
}

void asking_begin(struct asking *asking, int index)
{
	const struct module *module = space_module(asking->space, index);
	struct debuglink link = {0};
	bool linked = debuglink_read(module->elf, &link) == 0;

	if (symbols_are_complete(module) || (!linked && module->build_id.len == 0))
		return;
	asking->ahead = (struct asking_ahead){.index = index, .fd = -EBADF};
	asking->ahead.asked = ask(asking, index, &link, 0) == 0;
}

int asking_open_debug(void *arg, int index, const struct debuglink *link, unsigned *place)
{
	struct asking *asking = arg;
	struct asking_ahead *ahead = &asking->ahead;

	asking_end(asking);
	if (ahead->answered && ahead->index == index && *place == 0) {
		ahead->answered = ahead->asked = false;
		*place = ahead->place;
		return take_fd(&ahead->fd);
	}
	int r = ask(asking, index, link, *place);
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
