// SPDX-License-Identifier: GPL-2.0-or-later
// Goroutines for people.
#include "report_text.h"

#include "cleanup.h"
#include "frameview.h"
#include "text.h"

#include <string.h>

enum { IDS_MAX = 10 }; // shown of one group

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

static void put_escaped(FILE *out, const char *text)
{
	char buffer[REPORT_SHOWN_SIZE];

	fputs(text_escape(text, buffer, sizeof(buffer)), out);
}

// The COUNT ROWS, which are equal but for their ids.
static void put_group(
	const struct text_report *text, const struct goroutine *const *rows, size_t count)
{
	const struct stack *stack = &rows[0]->stack;
	FILE *out = text->out;

	fputs(text->style->head, out);
	if (count > 1)
		fprintf(out, "%zu goroutines", count);
	else
		fputs("goroutine", out);
	for (size_t i = 0; i < count && i < IDS_MAX; i++)
		fprintf(out, "%s %llu", i > 0 ? "," : "", (unsigned long long)rows[i]->id);
	if (count > IDS_MAX)
		fprintf(out, " and %zu more", count - IDS_MAX);
	fputs(" [", out);
	put_escaped(out, rows[0]->wait[0] ? rows[0]->wait : goroutine_state_name(rows[0]->state));
	fprintf(out, "]%s\n", text->style->end);
	report_text_frames(text, stack);
	if (stack->end.reason[0]) {
		fprintf(out, "%s%s: ", text->style->trouble,
			stack->frame_count > 0 ? "the chain stops here" : "no stack");
		put_escaped(out, stack->end.reason);
		fprintf(out, "%s\n", text->style->end);
	}
	fputc('\n', out);
}

// What is not shown.
static void put_rest(const struct text_report *text)
{
	const struct goroutines *goroutines = &text->report->stacks->goroutines;

	if (!goroutines->shown) {
		fputs("goroutines that no thread runs are not shown: ", text->out);
		put_escaped(text->out, goroutines->reason);
		fputc('\n', text->out);
	} else if (goroutines->count > goroutines->row_count) {
		fprintf(text->out,
			"%llu more goroutines that no thread ran are not shown: they ran "
			"meanwhile, or are too many\n",
			(unsigned long long)goroutines->count - goroutines->row_count);
	}
}

int report_text_goroutines(const struct text_report *text, bool merge)
{
	const struct goroutines *goroutines = &text->report->stacks->goroutines;
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
		put_group(text, rows + first, end - first);
	}
	put_rest(text);
	return 0;
}
