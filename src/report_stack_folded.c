// SPDX-License-Identifier: GPL-2.0-or-later
// Folding.
#include "report_stack_folded.h"

#include "cleanup.h"
#include "frameview.h"
#include "text.h"

#include <string.h>

enum { WORD_SIZE = 4096, SLOTS_FIRST = 256 };

struct folded_row {
	char *line; // NULL: free
	uint64_t count, hash;
};

// Appends WORD of the target, so that no tool takes a part of it for something else.
static void put_word(FILE *out, const char *word)
{
	char buffer[WORD_SIZE];

	text_escape(word, buffer, sizeof(buffer));
	for (char *c = buffer; *c; c++)
		*c = *c == ';' ? ':' : *c == ' ' ? '_' : *c;
	fputs(buffer[0] ? buffer : "?", out);
}

static void put_frame(FILE *out, const struct stack_report *report, const struct frame_view *view)
{
	const struct stack_frame *frame = view->frame;

	if (view->symbol || view->inlined) {
		put_word(out, view->symbol ? view->symbol : "??");
	} else if (frame->module != STACK_NO_INDEX) {
		const char *path = report->snapshot->modules[frame->module].path;
		const char *slash = strrchr(path, '/');
		put_word(out, slash && slash[1] ? slash + 1 : path);
		fprintf(out, "+0x%llx", (unsigned long long)frame->vaddr);
	} else {
		fprintf(out, "0x%llx", (unsigned long long)frame->pc);
	}
}

char *folded_line(const struct stack_report *report, size_t index)
{
	const struct stack *stack = &report->stacks->stacks[index];
	char *line = NULL;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	if (!out)
		return NULL;
	put_word(out, report->snapshot->threads[index].name);
	if (stack->end.status != STACK_COMPLETE)
		fputs(";[incomplete]", out);
	for (size_t i = stack->frame_count; i-- > 0;)
		for (size_t at = frame_view_count(report->stacks, &stack->frames[i]); at-- > 0;) {
			struct frame_view view =
				frame_view_at(report->stacks, &stack->frames[i], at);
			fputc(';', out);
			put_frame(out, report, &view);
		}
	bool failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(line);
		return NULL;
	}
	return line;
}

// The row of LINE, or the free one where it belongs.
static struct folded_row *find_row(
	struct folded_row *rows, size_t slot_count, const char *line, uint64_t hash)
{
	size_t at = hash & (slot_count - 1);

	while (rows[at].line && (rows[at].hash != hash || strcmp(rows[at].line, line) != 0))
		at = (at + 1) & (slot_count - 1);
	return &rows[at];
}

// Doubles the room; it stays half empty.
static int grow(struct folded *folded)
{
	size_t slot_count = folded->slot_count ? 2 * folded->slot_count : SLOTS_FIRST;
	struct folded_row *rows = calloc(slot_count, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < folded->slot_count; i++) {
		const struct folded_row *row = &folded->rows[i];
		if (row->line)
			*find_row(rows, slot_count, row->line, row->hash) = *row;
	}
	free(folded->rows);
	folded->rows = rows;
	folded->slot_count = slot_count;
	return 0;
}

// Counts LINE, which is FOLDED's from now on.
static int count_line(struct folded *folded, char *line)
{
	auto_free char *owned = line;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (!line || (2 * (folded->count + 1) > folded->slot_count && grow(folded) < 0))
		return -ENOMEM;
	for (const char *c = line; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	struct folded_row *row = find_row(folded->rows, folded->slot_count, line, hash);
	if (!row->line) {
		row->line = take_ptr(owned);
		row->hash = hash;
		folded->count++;
	}
	row->count++;
	return 0;
}

int folded_add(struct folded *folded, const struct stack_report *report)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < report->snapshot->thread_count; i++)
		if (stack_report_has_stack(report, i))
			r = count_line(folded, folded_line(report, i));
	return r;
}

static int compare_rows(const void *a, const void *b)
{
	const struct folded_row *x = *(const struct folded_row *const *)a;
	const struct folded_row *y = *(const struct folded_row *const *)b;

	return strcmp(x->line, y->line);
}

int folded_print(const struct folded *folded, FILE *out)
{
	auto_free const struct folded_row **sorted =
		calloc(folded->count + 1, sizeof(struct folded_row *));
	size_t count = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < folded->slot_count; i++)
		if (folded->rows[i].line)
			sorted[count++] = &folded->rows[i];
	qsort(sorted, count, sizeof(struct folded_row *), compare_rows);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s %llu\n", sorted[i]->line, (unsigned long long)sorted[i]->count);
	return 0;
}

void folded_fini(struct folded *folded)
{
	for (size_t i = 0; i < folded->slot_count; i++)
		free(folded->rows[i].line);
	free(folded->rows);
	memset(folded, 0, sizeof(*folded));
}
