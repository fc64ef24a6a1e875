// SPDX-License-Identifier: GPL-2.0-or-later
// Goroutines in the worker: unwound as threads are, and sent behind them.
#include "worker_state.h"

#include "cleanup.h"

#include <stdio.h>
#include <string.h>

int worker_unwind_goroutines(struct worker *worker)
{
	struct parked *parked = &worker->parked;
	int r = 0;

	if (worker->snapshot.parked.there) // it was kept
		*parked = worker->snapshot.parked;
	else if (worker->options->goroutines)
		r = parked_find(parked, &worker->space);

	worker->chain_of_parked =
		r < 0 ? NULL : calloc(parked->count + 1, sizeof(*worker->chain_of_parked));
	if (r >= 0 && !worker->chain_of_parked)
		r = -ENOMEM;
	for (size_t i = 0; r >= 0 && i < parked->count; i++) {
		const struct snapshot_thread thread = parked_enter(parked, i, &worker->space);
		struct stack_end end;
		size_t count;
		worker->unwinder->unwind(worker->engine, &thread, worker->chain,
			worker->options->max_frames, &count, &end);
		r = chains_add(
			&worker->chains, worker->chain, count, &end, &worker->chain_of_parked[i]);
	}
	worker->space.beside_len = 0;
	return r;
}

// Sends what it takes to unwind goroutine INDEX, of NUMBER, elsewhere.
static int send_copy(struct worker *worker, size_t index, uint32_t number)
{
	const struct parked_row *row = &worker->parked.rows[index];
	const unsigned char *stack = worker->parked.stacks + row->stack_offset;
	struct wire_record *record = worker_record(worker, WIRE_REGISTERS);

	record->index = number;
	record->status = row->stack_cut;
	record->registers = (struct wire_registers){row->sp, row->pc, row->bp};
	int r = wire_put(&worker->out, record);
	for (size_t done = 0; r == 0 && done < row->stack_len; done += record->count) {
		size_t left = row->stack_len - done;
		record = worker_record(worker, WIRE_BYTES);
		record->index = number;
		record->count = left < WIRE_BYTES_MAX ? (uint32_t)left : WIRE_BYTES_MAX;
		memcpy(record->bytes, stack + done, record->count);
		r = wire_put(&worker->out, record);
	}
	return r;
}

// Sends goroutine INDEX, and its chain, or that it has that of FIRST[chain], the goroutine that had
// it first.
static int send_goroutine(struct worker *worker, size_t index, uint32_t *first)
{
	const struct parked_row *row = &worker->parked.rows[index];
	uint32_t chain = worker->chain_of_parked[index];
	uint32_t number = (uint32_t)(worker->snapshot.thread_count + index);
	struct wire_record *record = worker_record(worker, WIRE_GOROUTINE);
	int r;

	record->value = row->id;
	record->status = row->state;
	snprintf(record->text, sizeof(record->text), "%s", row->wait);
	if ((r = wire_put(&worker->out, record)) < 0)
		return r;
	if (row->since_ns > 0) {
		record = worker_record(worker, WIRE_SINCE);
		record->value = row->since_ns;
		if ((r = wire_put(&worker->out, record)) < 0)
			return r;
	}
	if (first[chain] == NO_THREAD) {
		first[chain] = number;
		return worker_send_chain(worker, &worker->chains.rows[chain], number);
	}
	record = worker_record(worker, WIRE_SAME);
	record->index = first[chain];
	record->count = 1;
	record->threads[0] = number;
	return wire_put(&worker->out, record);
}

// Sends which other goroutines there are: those that RAN, or those that did not.
static int send_others(struct worker *worker, bool ran)
{
	const struct parked *parked = &worker->parked;
	struct wire_record *record = worker_record(worker, WIRE_OTHERS);
	int r = 0;

	record->kind = ran;
	for (size_t i = 0; r == 0 && i < parked->other_count; i++) {
		if (parked->others[i].ran == ran)
			record->ids[record->count++] = parked->others[i].id;
		if (record->count < WIRE_OTHERS_MAX)
			continue;
		r = wire_put(&worker->out, record);
		record->count = 0;
	}
	return r == 0 && record->count > 0 ? wire_put(&worker->out, record) : r;
}

int worker_send_goroutines(struct worker *worker)
{
	const struct parked *parked = &worker->parked;
	auto_free uint32_t *first = calloc(worker->chains.count + 1, sizeof(*first));
	struct wire_record *record = worker_record(worker, WIRE_GOROUTINES);
	int r = first ? 0 : -ENOMEM;

	if (r < 0 || !parked->there)
		return r;
	record->status = !parked->reason[0];
	record->value = parked->total;
	record->kind = parked->whole;
	snprintf(record->text, sizeof(record->text), "%s", parked->reason);
	r = wire_put(&worker->out, record);
	if (r == 0 && worker->options->others)
		r = send_others(worker, true);
	if (r == 0 && worker->options->others)
		r = send_others(worker, false);
	for (size_t i = 0; i < worker->chains.count; i++)
		first[i] = NO_THREAD;
	for (size_t i = 0; r == 0 && i < parked->count; i++) {
		r = send_goroutine(worker, i, first);
		if (r == 0 && worker->options->keep)
			r = send_copy(worker, i, (uint32_t)(worker->snapshot.thread_count + i));
	}
	return r;
}
