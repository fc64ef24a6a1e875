// SPDX-License-Identifier: GPL-2.0-or-later
// Goroutines for people.
#include "report_text.h"

#include "cleanup.h"
#include "frameview.h"

#include <string.h>

// The order in which equal ones stand together: by frames, state, words, then by id.
static int compare_frames(const struct stack *a, const struct stack *b)
{
	if (a->frame_count != b->frame_count)
		return a->frame_count < b->frame_count ? -1 : 1;
	for (size_t i = 0; a->frames != b->frames && i < a->frame_count; i++) {
		int order = frame_view_compare(&a->frames[i], &b->frames[i]);
		if (order != 0)
			return order;
	}
	return strcmp(a->end.reason, b->end.reason);
}

static int compare_groups(const struct goroutine *a, const struct goroutine *b)
{
	int order = compare_frames(&a->stack, &b->stack);

	if (order == 0 && a->state != b->state)
		order = a->state < b->state ? -1 : 1;
	return order != 0 ? order : strcmp(a->wait, b->wait);
}

static int compare(const void *a, const void *b)
{
	const struct goroutine *x = *(const struct goroutine *const *)a;
	const struct goroutine *y = *(const struct goroutine *const *)b;
	int order = compare_groups(x, y);

	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

void text_put_goroutine_ids(const struct text *text, const uint64_t *ids, size_t count)
{
	FILE *out = text->out;

	if (count > 1)
		fprintf(out, "%zu goroutines", count);
	else
		fputs("goroutine", out);
	for (size_t i = 0; i < count && i < TEXT_IDS_MAX; i++)
		fprintf(out, "%s %llu", i > 0 ? "," : "", (unsigned long long)ids[i]);
	if (count > TEXT_IDS_MAX)
		fprintf(out, " and %zu more", count - TEXT_IDS_MAX);
}

void text_put_goroutine_state(
	const struct text *text, const struct goroutine *row, const struct minutes *minutes)
{
	FILE *out = text->out;

	fputs(" [", out);
	text_put(text, row->wait[0] ? row->wait : goroutine_state_name(row->state));
	// The runtime's own words, of one minute too.
	if (minutes->least != minutes->most && minutes->least == 0)
		fprintf(out, ", up to %llu minutes", (unsigned long long)minutes->most);
	else if (minutes->least != minutes->most)
		fprintf(out, ", %llu to %llu minutes", (unsigned long long)minutes->least,
			(unsigned long long)minutes->most);
	else if (minutes->most > 0)
		fprintf(out, ", %llu minutes", (unsigned long long)minutes->most);
	fputc(']', out);
}

// How long the COUNT ROWS of REPORT have waited; one of which nobody knows, for none.
static struct minutes minutes_of(
	const struct stack_report *report, const struct goroutine *const *rows, size_t count)
{
	struct minutes minutes = {.least = UINT64_MAX};

	for (size_t i = 0; i < count; i++) {
		uint64_t ms = stack_report_waited_ms(report, rows[i]);
		uint64_t its = ms == UINT64_MAX ? 0 : ms / 60000;
		if (its < minutes.least)
			minutes.least = its;
		if (its > minutes.most)
			minutes.most = its;
	}
	return minutes;
}

void text_put_goroutine_end(const struct text *text, const struct stack *stack)
{
	if (!stack->end.reason[0])
		return;
	fprintf(text->out, "%s%s: ", text->style->trouble,
		stack->frame_count > 0 ? "the chain stops here" : "no stack");
	text_put(text, stack->end.reason);
	fprintf(text->out, "%s\n", text->style->end);
}

// The COUNT ROWS, which are equal but for their ids.
static void put_group(const struct text *text, const struct stack_report *report,
	const struct goroutine *const *rows, size_t count)
{
	const struct stack *stack = &rows[0]->stack;
	uint64_t ids[TEXT_IDS_MAX];

	for (size_t i = 0; i < count && i < TEXT_IDS_MAX; i++)
		ids[i] = rows[i]->id;
	fputs(text->style->head, text->out);
	text_put_goroutine_ids(text, ids, count);
	const struct minutes minutes = minutes_of(report, rows, count);
	text_put_goroutine_state(text, rows[0], &minutes);
	if (text->report_count > 1)
		fprintf(text->out, " of process %d", report->snapshot->pid);
	fprintf(text->out, "%s\n", text->style->end);
	text_put_own_frames(
		text, report, stack, &(struct frame_range){0, stack->frame_count}, text->prefix);
	text_put_goroutine_end(text, stack);
	fputc('\n', text->out);
}

// What is not shown.
static void put_rest(const struct text *text, const struct stack_report *report)
{
	const struct goroutines *goroutines = &report->stacks->goroutines;

	if (!goroutines->shown) {
		fputs("goroutines that no thread runs are not shown: ", text->out);
		text_put(text, goroutines->reason);
		fputc('\n', text->out);
	} else if (goroutines->count > goroutines->row_count) {
		fprintf(text->out,
			"%llu more goroutines that no thread ran are not shown: they ran "
			"meanwhile, or are too many\n",
			(unsigned long long)goroutines->count - goroutines->row_count);
	}
}

int text_put_goroutines(const struct text *text, const struct stack_report *report, bool merge)
{
	const struct goroutines *goroutines = &report->stacks->goroutines;
	size_t count = goroutines->row_count;
	auto_free const struct goroutine **rows = calloc(count + 1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	if (!goroutines->there)
		return 0;
	for (size_t i = 0; i < count; i++)
		rows[i] = &goroutines->rows[i];
	if (merge)
		qsort(rows, count, sizeof(*rows), compare);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1;
			merge && end < count && compare_groups(rows[first], rows[end]) == 0;)
			end++;
		put_group(text, report, rows + first, end - first);
	}
	put_rest(text, report);
	return 0;
}
