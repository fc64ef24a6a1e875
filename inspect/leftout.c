// SPDX-License-Identifier: GPL-2.0-or-later
// Blaming modules.
#include "leftout.h"

#include "cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS_MAX = 24 }; // for one snapshot

struct leftout_row {
	bool unread;
	uint64_t start, end;           // of the module
	char note[SNAPSHOT_NOTE_SIZE]; // empty: nothing is left out
};

static bool prepare(struct leftout *leftout, const struct snapshot *snapshot)
{
	if (leftout->rows)
		return true;
	leftout->rows = calloc(snapshot->module_count + 1, sizeof(*leftout->rows));
	leftout->unnamed = calloc(snapshot->module_count + 1, sizeof(*leftout->unnamed));
	if (!leftout->rows || !leftout->unnamed) {
		leftout_fini(leftout);
		return false;
	}
	leftout->pid = snapshot->pid;
	leftout->module_count = snapshot->module_count;
	return true;
}

static void leave_names_out(struct leftout *leftout)
{
	leftout->nameless = true;
	for (size_t i = 0; i < leftout->module_count; i++)
		leftout->unnamed[i] = true;
}

bool leftout_blame(struct leftout *leftout, const struct snapshot *snapshot,
	const struct work_place *place, bool is_slow, const char *trouble)
{
	const bool naming = place->stage != WORK_UNWINDING;
	struct leftout_row *row = NULL;

	if (++leftout->workers >= WORKERS_MAX || !prepare(leftout, snapshot))
		return false;
	if (!is_slow && place->module < leftout->module_count)
		row = &leftout->rows[place->module];
	if (!row || row->unread) {
		bool was_nameless = leftout->nameless;
		leave_names_out(leftout);
		return !was_nameless;
	}
	row->start = snapshot->modules[place->module].start;
	row->end = snapshot->modules[place->module].end;
	row->unread = !naming || leftout->unnamed[place->module];
	leftout->unnamed[place->module] = true;
	snprintf(row->note, sizeof(row->note), "%s left out: %s%s",
		row->unread ? "it is" : "its names are", trouble,
		naming ? " while it read them" : " while it read it");
	return true;
}

void leftout_keep(struct leftout *leftout, const struct snapshot *snapshot)
{
	bool same =
		leftout->pid == snapshot->pid && leftout->module_count == snapshot->module_count;

	for (size_t i = 0; same && i < leftout->module_count; i++)
		same = !leftout->rows[i].note[0] ||
		       (leftout->rows[i].start == snapshot->modules[i].start &&
			       leftout->rows[i].end == snapshot->modules[i].end);
	if (!same)
		leftout_fini(leftout);
}

int leftout_apply(const struct leftout *leftout, const struct snapshot *snapshot,
	struct snapshot *ret, struct snapshot_module **ret_modules)
{
	*ret = *snapshot;
	if (!leftout->rows)
		return 0;
	ret->modules = calloc(snapshot->module_count + 1, sizeof(*ret->modules));
	if (!ret->modules)
		return -ENOMEM;
	*ret_modules = ret->modules;
	for (size_t i = 0; i < snapshot->module_count; i++) {
		ret->modules[i] = snapshot->modules[i];
		if (!leftout->rows[i].unread)
			continue;
		ret->modules[i].source = SNAPSHOT_SOURCE_NONE;
		ret->modules[i].fd = -EBADF;
		ret->modules[i].image = NULL;
		ret->modules[i].image_len = 0;
		memcpy(ret->modules[i].note, leftout->rows[i].note, sizeof(ret->modules[i].note));
	}
	return 0;
}

// Marks the modules that have frames: of the others nothing is missing.
static void tell_nameless(struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->stack_count; i++)
		for (size_t j = 0; j < stacks->stacks[i].frame_count; j++) {
			int module = stacks->stacks[i].frames[j].module;
			if (module == STACK_NO_INDEX || stacks->modules[module].left_out)
				continue;
			stacks->modules[module].left_out = true;
			snprintf(stacks->modules[module].note, sizeof(stacks->modules[module].note),
				"its names are left out: they could not be had in time, or of this "
				"process at all");
		}
}

void leftout_tell(const struct leftout *leftout, struct stacks *stacks)
{
	for (size_t i = 0; i < leftout->module_count; i++) {
		if (!leftout->rows[i].note[0])
			continue;
		stacks->modules[i].left_out = true;
		snprintf(stacks->modules[i].note, sizeof(stacks->modules[i].note), "%s",
			leftout->rows[i].note);
	}
	if (leftout->nameless)
		tell_nameless(stacks);
}

void leftout_fini(struct leftout *leftout)
{
	free(leftout->rows);
	free(leftout->unnamed);
	*leftout = (struct leftout){0};
}
