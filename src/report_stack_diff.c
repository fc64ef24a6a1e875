// SPDX-License-Identifier: GPL-2.0-or-later
// Before and after.
#include "report_stack_diff.h"

#include "cleanup.h"
#include "report_text.h"
#include "stack_compare.h"

struct diff_text {
	struct text before, after;
	struct stack_diff_row *rows; // those that are shown, in their order
	size_t row_count;
	struct stack_ref *before_refs, *after_refs; // parallel to them
	bool merge;
};

static uint64_t hash_row(const struct diff_text *text, const struct stack_diff_row *row)
{
	uint64_t hash = 0;

	if (row->move != STACK_CAME)
		hash = stack_hash(text->before.reports[row->before.report], row->before.thread);
	if (row->move != STACK_WENT)
		hash = hash * 31 +
		       stack_hash(text->after.reports[row->after.report], row->after.thread);
	return hash;
}

static bool same_ref(const struct text *text, struct stack_ref a, struct stack_ref b)
{
	return stack_same(text->reports[a.report], a.thread, text->reports[b.report], b.thread);
}

static bool same_row(const struct diff_text *text, const struct stack_diff_row *a,
	const struct stack_diff_row *b)
{
	return a->move == b->move &&
	       (a->move == STACK_CAME || same_ref(&text->before, a->before, b->before)) &&
	       (a->move == STACK_WENT || same_ref(&text->after, a->after, b->after));
}

// Threads that moved alike stand together; else they stay in their order, which is by id.
static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct diff_text *text = arg;
	const struct stack_diff_row *x = a, *y = b;

	if (x->move != y->move)
		return stack_move_place(x->move) < stack_move_place(y->move) ? -1 : 1;
	uint64_t p = text->merge ? hash_row(text, x) : 0, q = text->merge ? hash_row(text, y) : 0;
	if (p != q)
		return p < q ? -1 : 1;
	const struct stack_ref *i = x->move == STACK_WENT ? &x->before : &x->after;
	const struct stack_ref *j = y->move == STACK_WENT ? &y->before : &y->after;
	if (i->report != j->report)
		return i->report < j->report ? -1 : 1;
	return (i->thread > j->thread) - (i->thread < j->thread);
}

// How the stacks of the COUNT threads from row FIRST on have moved.
static void put_move(const struct diff_text *text, size_t first, size_t count)
{
	const struct stack_diff_row *row = &text->rows[first];
	const struct stack_ref *before = text->before_refs + first;
	const struct stack_ref *after = text->after_refs + first;
	size_t old = text_stack(&text->before, *before)->frame_count;
	size_t new = text_stack(&text->after, *after)->frame_count;

	text_put_frames(
		&text->before, before, count, &(struct frame_range){0, old - row->common}, "- ");
	text_put_frames(
		&text->after, after, count, &(struct frame_range){0, new - row->common}, "+ ");
	const struct frame_range common = text_common(new, row->common);
	text_put_frames(&text->after, after, count, &common, "  ");
	text_put_same(&text->after, text->after.reports[after->report],
		text_stack(&text->after, *after), common.end);
	text_put_end(&text->after, *after);
}

// The COUNT threads from row FIRST on, which have moved alike.
static void put_rows(const struct diff_text *text, size_t first, size_t count)
{
	const struct stack_diff_row *row = &text->rows[first];
	bool went = row->move == STACK_WENT;
	const struct text *its = went ? &text->before : &text->after;
	const struct stack_ref *refs = (went ? text->before_refs : text->after_refs) + first;
	size_t frames = text_stack(its, refs[0])->frame_count;
	FILE *out = its->out;

	fputs(its->style->head, out);
	text_put_threads(its, refs, count);
	if (row->move == STACK_MOVED) {
		fputs(", before", out);
		text_put_wait(&text->before, text_thread(&text->before, row->before));
	} else if (row->move == STACK_RAN) {
		fputs(", was on a CPU, and is where it was", out);
	} else {
		fputs(went ? ", has ended" : ", is new", out);
	}
	if (count == 1 && row->switches > 0)
		fprintf(out, " (%llu context switch%s)", (unsigned long long)row->switches,
			row->switches == 1 ? "" : "es");
	fprintf(out, "%s\n", its->style->end);
	if (row->move == STACK_MOVED)
		put_move(text, first, count);
	else if (row->move != STACK_RAN)
		text_put_frames(
			its, refs, count, &(struct frame_range){0, frames}, went ? "- " : "+ ");
	fputc('\n', out);
}

// From when to when, and who has moved at all.
static void put_head(const struct diff_text *text)
{
	const struct text *after = &text->after, *before = &text->before;

	if (before->report_count > 0 && after->report_count > 0) {
		const struct stack_report *a = before->reports[0], *b = after->reports[0];
		fprintf(after->out, "round %u against round %u, %.3f s before\n", b->round,
			a->round, (double)(b->time_ms - a->time_ms) / 1000);
	}
	for (size_t i = 0; i < after->report_count; i++) {
		bool moved = after->report_count == 1;
		for (size_t j = 0; !moved && j < text->row_count; j++)
			moved = text->rows[j].move != STACK_WENT && text->rows[j].after.report == i;
		if (moved)
			text_put_identity(after, after->reports[i]);
	}
	fputc('\n', after->out);
}

static void put_sum(const struct diff_text *text, const struct stack_diff *diff)
{
	size_t all = diff->count - diff->by[STACK_WENT];

	fprintf(text->after.out, "%zu of %zu thread%s did not move", diff->by[STACK_STAYED], all,
		text_plural(all));
	if (diff->by[STACK_UNKNOWN] > 0)
		fprintf(text->after.out, ", %zu could not be looked at", diff->by[STACK_UNKNOWN]);
	fputc('\n', text->after.out);
}

// The goroutines of all processes of PAIR that were there in either round.
static int put_goroutines(const struct diff_text *text, const struct stack_pair *pair)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pair->after_count; i++) {
		const struct stack_report *after = pair->after[i];
		r = text_put_goroutine_moves(&text->after,
			stack_reports_find(pair->before, pair->before_count, after->snapshot->pid),
			after, text->merge);
	}
	for (size_t i = 0; r == 0 && i < pair->before_count; i++) {
		const struct stack_report *before = pair->before[i];
		if (!stack_reports_find(pair->after, pair->after_count, before->snapshot->pid))
			r = text_put_goroutine_moves(&text->before, before, NULL, text->merge);
	}
	return r;
}

static int put_all(
	const struct diff_text *text, const struct stack_pair *pair, const struct stack_diff *diff)
{
	put_head(text);
	for (size_t first = 0, end; first < text->row_count; first = end) {
		end = first + 1;
		while (text->merge && end < text->row_count &&
			same_row(text, &text->rows[first], &text->rows[end]))
			end++;
		put_rows(text, first, end - first);
	}
	int r = put_goroutines(text, pair);
	put_sum(text, diff);
	return r;
}

int report_diff_text(FILE *out, const struct stack_pair *pair, const struct text_options *options)
{
	auto_diff struct stack_diff diff = {0};
	int r = stack_diff_make(pair, &diff);

	if (r < 0)
		return r;
	auto_free struct stack_diff_row *rows = calloc(diff.count + 1, sizeof(*rows));
	auto_free struct stack_ref *before = calloc(diff.count + 1, sizeof(*before));
	auto_free struct stack_ref *after = calloc(diff.count + 1, sizeof(*after));
	struct diff_text text = {
		.before = text_make(out, options, pair->before, pair->before_count),
		.after = text_make(out, options, pair->after, pair->after_count),
		.rows = rows,
		.before_refs = before,
		.after_refs = after,
		.merge = options->merge};
	if (!rows || !before || !after)
		return -ENOMEM;
	for (size_t i = 0; i < diff.count; i++)
		if (stack_move_is_shown(diff.rows[i].move))
			rows[text.row_count++] = diff.rows[i];
	qsort_r(rows, text.row_count, sizeof(*rows), compare_rows, &text);
	for (size_t i = 0; i < text.row_count; i++) {
		before[i] = rows[i].before;
		after[i] = rows[i].after;
	}
	return put_all(&text, pair, &diff);
}
