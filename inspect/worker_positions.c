// SPDX-License-Identifier: GPL-2.0-or-later
// Positions in the worker: found and sent when all else was; of functions without names these too.
#include "worker_state.h"

#include "symbols.h"

#include <errno.h>

// Finds those of the COUNT ROWS of module INDEX that KEPT does not have.
static int look(struct worker *worker, int index, struct positions_kept *kept,
	struct location_row **rows, size_t count)
{
	int r;

	// Should we not come to the end of it, this is known of it.
	if ((r = worker_send_module(
		     worker, (size_t)index, "its debug information was not read", true)) < 0 ||
		(r = wire_flush(&worker->out)) < 0)
		return r;
	return positions_look(&worker->sender, kept, rows, count);
}

// Finds and sends the positions of the COUNT ROWS, which lie in one module and ascend.
static int position_module(struct worker *worker, struct location_row **rows, size_t count)
{
	int index = rows[0]->module, r;

	if (index == space_made(&worker->space))
		return 0;
	struct module *module = space_module(&worker->space, index);
	struct positions_kept *kept = positions_kept_of(module);
	if (!kept)
		return -ENOMEM;
	worker->sender.positions.names = positions_name(rows, count) && !symbols_are_there(module);
	bool any_new = positions_are_new(&worker->sender, kept, rows, count);
	if (any_new && !positions_are_there(&worker->sender.positions, index))
		return 0;
	if ((any_new && (r = look(worker, index, kept, rows, count)) < 0) ||
		(r = positions_send(&worker->sender, kept, worker->locations.rows, rows, count)) <
			0)
		return r;
	const struct positions_trouble trouble = kept->trouble;
	// What others have left no steps for is tried again in the next process.
	if (worker->sender.steps == 0)
		positions_kept_fini(kept);
	if (!any_new && !trouble.note)
		return 0;
	return worker_send_module(worker, (size_t)index,
		module->note[0] || !trouble.note ? module->note : trouble.note,
		module->damaged || trouble.is_damage);
}

int worker_send_positions(struct worker *worker)
{
	worker->sender = (struct positions_sender){.positions = {.space = &worker->space,
							   .steps = &worker->sender.steps,
							   .lines = worker->options->lines,
							   .inlines = !worker->options->no_inlines,
							   .open_file = asking_open_file,
							   .open_file_arg = &worker->asking},
		.steps = DBG_STEPS_SUM,
		.raw = worker->options->raw,
		.out = &worker->out,
		.record = &worker->record,
		.symbol_count = &worker->symbol_count};
	worker->place->stage = WORK_POSITIONS;
	int r = worker_each_module(worker, position_module);
	positions_sender_fini(&worker->sender);
	return r;
}
