// SPDX-License-Identifier: GPL-2.0-or-later
// Positions in the worker: found and sent when all else was.
#include "worker_state.h"

// Finds and sends the positions of the COUNT ROWS, which lie in one module and ascend.
static int position_module(struct worker *worker, struct location_row **rows, size_t count)
{
	int index = rows[0]->module;
	struct positions_trouble trouble;
	int r;

	if (index == space_made(&worker->space))
		return 0;
	const struct module *module = space_module(&worker->space, index);
	if (!positions_are_there(&worker->sender.positions, index))
		return 0;
	// Should we not come to the end of it, this is known of it.
	if ((r = worker_send_module(
		     worker, (size_t)index, "its debug information was not read", true)) < 0 ||
		(r = wire_flush(&worker->out)) < 0 ||
		(r = positions_send(
			 &worker->sender, worker->locations.rows, rows, count, &trouble)) < 0)
		return r;
	return worker_send_module(worker, (size_t)index,
		module->note[0] || !trouble.note ? module->note : trouble.note,
		module->damaged || trouble.is_damage);
}

int worker_send_positions(struct worker *worker)
{
	if (!worker->options->lines && worker->options->no_inlines)
		return 0;
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
	return worker_each_module(worker, position_module);
}
