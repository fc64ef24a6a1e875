// SPDX-License-Identifier: GPL-2.0-or-later
// Names in the worker: those that are kept with modules, and of code in no file.
#include "worker_state.h"

#include "cleanup.h"
#include "naming.h"

#include <stdio.h>
#include <string.h>

bool worker_names(const struct worker *worker, int module)
{
	if (module == SNAPSHOT_NO_MODULE || module == space_made(&worker->space))
		return module != SNAPSHOT_NO_MODULE;
	return !(worker->unnamed && worker->unnamed[module]);
}

// The number of NAME among those that are sent of this snapshot, into *RET; it is sent the first
// time.
static int send_name(struct worker *worker, struct name *name, int *ret)
{
	if (name->turn != worker->turn) {
		struct wire_record *record = worker_record(worker, WIRE_SYMBOL);
		record->value = name->start;
		snprintf(record->text, sizeof(record->text), "%s", name->text);
		int r = wire_put(&worker->out, record);
		if (r < 0)
			return r;
		name->turn = worker->turn;
		name->number = worker->symbol_count++;
	}
	*ret = (int)name->number;
	return 0;
}

static int send_made_symbol(struct worker *worker, const struct jitname *name)
{
	struct wire_record *record = worker_record(worker, WIRE_SYMBOL);
	bool cut = name->len > SYMBOL_NAME_MAX;

	record->value = name->start;
	snprintf(record->text, sizeof(record->text), "%.*s%s",
		cut ? SYMBOL_NAME_MAX : (int)name->len, name->text, cut ? "..." : "");
	worker->symbol_count++;
	return wire_put(&worker->out, record);
}

static int compare_rows(const void *a, const void *b)
{
	const struct location_row *x = *(struct location_row *const *)a;
	const struct location_row *y = *(struct location_row *const *)b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

// Tells that names are looked for in module INDEX, if somebody wants to know.
static int send_naming(struct worker *worker, int index)
{
	struct wire_record *record = worker_record(worker, WIRE_NAMING);
	int r;

	if (!worker->options->tell)
		return 0;
	record->index = (uint32_t)index;
	r = wire_put(&worker->out, record);
	return r < 0 ? r : wire_flush(&worker->out);
}

// Names the COUNT ROWS, which lie in one module and ascend, and sends the names.
static int name_module(struct worker *worker, struct location_row **rows, size_t count)
{
	const int index = rows[0]->module;
	const struct names *names = names_of(space_module(&worker->space, index));
	auto_free struct symbol_query *queries = calloc(count, sizeof(*queries));
	size_t unknown = 0;
	int r = names && queries ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		if (!names_find(names, rows[i]->vaddr))
			queries[unknown++].vaddr = rows[i]->vaddr;
	if (r == 0 && unknown > 0)
		r = send_naming(worker, index);
	if (r == 0 && unknown > 0)
		r = naming_find(&worker->space, index, worker->options->raw, queries, unknown);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct name *name = names_find(names, rows[i]->vaddr)->name;
		if (name)
			r = send_name(worker, name, &rows[i]->symbol);
	}
	return r;
}

// Names the COUNT ROWS, which are code in no file and ascend, and sends the names.
static int name_made(struct worker *worker, struct location_row **rows, size_t count)
{
	const struct jitnames *names = space_jit_names(&worker->space);
	const struct jitname *last = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct jitname *name = jitnames_find(names, rows[i]->pc);
		int r = name && name != last ? send_made_symbol(worker, name) : 0;
		if (r < 0)
			return r;
		if (name)
			rows[i]->symbol = (int)worker->symbol_count - 1;
		last = name ? name : last;
	}
	return 0;
}

static int name_rows(struct worker *worker, struct location_row **rows, size_t count)
{
	return rows[0]->module == space_made(&worker->space) ? name_made(worker, rows, count)
							     : name_module(worker, rows, count);
}

int worker_each_module(struct worker *worker,
	int (*do_module)(struct worker *worker, struct location_row **rows, size_t count))
{
	struct location_row **rows = worker->rows;
	size_t count = worker->locations.count;

	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && rows[end]->module == rows[first]->module;)
			end++;
		if (!worker_names(worker, rows[first]->module))
			continue;
		worker->place->step++;
		int r = do_module(worker, rows + first, end - first);
		if (r < 0)
			return r;
	}
	return 0;
}

int worker_name_all(struct worker *worker)
{
	size_t count = worker->locations.count;

	worker->rows = calloc(count + 1, sizeof(struct location_row *));
	if (!worker->rows)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		worker->rows[i] = &worker->locations.rows[i];
	qsort(worker->rows, count, sizeof(struct location_row *), compare_rows);
	worker->place->stage = WORK_NAMING;
	return worker_each_module(worker, name_rows);
}
