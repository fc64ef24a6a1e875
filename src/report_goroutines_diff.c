// SPDX-License-Identifier: GPL-2.0-or-later
// What moved of goroutines, for people.
#include "goroutine_diff.h"
#include "report_text.h"

#include "cleanup.h"
#include "stack_compare.h"

#include <string.h>

// A goroutine that is shown.
struct shown {
	const struct goroutine_diff_row *row;
	uint64_t hash; // of what makes two of them alike
};

struct moves {
	const struct text *text;
	const struct stack_report *before, *after; // the process; NULL: it was not there
	struct shown *shown;
	size_t count;
	bool merge;
};

// What a goroutine did, where its stack is not there.
static const char *place_name(enum goroutine_place place)
{
	return place == GOROUTINE_RAN ? "running" : "not looked at";
}

static uint64_t hash_side(
	uint64_t hash, const struct stack_report *report, const struct goroutine_side *side)
{
	hash = hash * 31 + side->place;
	if (!side->row)
		return hash;
	hash = stack_hash_text(hash * 31 + side->row->state, side->row->wait);
	return stack_hash_chain(hash, report, &side->row->stack);
}

static bool same_side(const struct stack_report *report, const struct goroutine_side *a,
	const struct goroutine_side *b)
{
	const struct goroutine *x = a->row, *y = b->row;

	if (a->place != b->place || !x || !y)
		return a->place == b->place;
	return x->state == y->state && strcmp(x->wait, y->wait) == 0 &&
	       stack_same_chain(report, &x->stack, report, &y->stack);
}

static bool same_row(const struct moves *moves, const struct goroutine_diff_row *a,
	const struct goroutine_diff_row *b)
{
	return a->move == b->move && same_side(moves->before, &a->before, &b->before) &&
	       same_side(moves->after, &a->after, &b->after);
}

// Those that moved alike stand together; else they stay in their order, which is by id.
static int compare(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;

	if (x->row->move != y->row->move)
		return stack_move_place(x->row->move) < stack_move_place(y->row->move) ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->row->id > y->row->id) - (x->row->id < y->row->id);
}

// What SIDE is said to do.
static void put_side(const struct text *text, const struct goroutine_side *side)
{
	if (side->row)
		text_put_goroutine_state(text, side->row, &(struct minutes){0, 0});
	else
		fprintf(text->out, " [%s]", place_name(side->place));
}

// The frames of SIDE, if it has any, from FIRST to before END, behind PREFIX.
static void put_frames(const struct text *text, const struct stack_report *report,
	const struct goroutine_side *side, const struct frame_range *range, const char *prefix)
{
	if (side->row)
		text_put_own_frames(text, report, &side->row->stack, range, prefix);
}

static size_t frames_of(const struct goroutine_side *side)
{
	return side->row ? side->row->stack.frame_count : 0;
}

// How the stacks of goroutines that do what ROW does have moved.
static void put_move(const struct moves *moves, const struct goroutine_diff_row *row)
{
	size_t old = frames_of(&row->before), new = frames_of(&row->after);

	put_frames(moves->text, moves->before, &row->before,
		&(struct frame_range){0, old - row->common}, "- ");
	put_frames(moves->text, moves->after, &row->after,
		&(struct frame_range){0, new - row->common}, "+ ");
	const struct frame_range common = text_common(new, row->common);
	put_frames(moves->text, moves->after, &row->after, &common, "  ");
	if (!row->after.row)
		return;
	if (row->move == STACK_MOVED)
		text_put_same(moves->text, moves->after, &row->after.row->stack, common.end);
	text_put_goroutine_end(moves->text, &row->after.row->stack);
}

// The COUNT goroutines from number FIRST on, which have moved alike.
static void put_group(const struct moves *moves, size_t first, size_t count)
{
	const struct text *text = moves->text;
	const struct goroutine_diff_row *row = moves->shown[first].row;
	uint64_t ids[TEXT_IDS_MAX];
	bool went = row->move == STACK_WENT;

	for (size_t i = 0; i < count && i < TEXT_IDS_MAX; i++)
		ids[i] = moves->shown[first + i].row->id;
	fputs(text->style->head, text->out);
	text_put_goroutine_ids(text, ids, count);
	put_side(text, went ? &row->before : &row->after);
	if (text->report_count > 1)
		fprintf(text->out, " of process %d",
			(moves->after ? moves->after : moves->before)->snapshot->pid);
	if (went) {
		fputs(count > 1 ? ", have ended" : ", has ended", text->out);
	} else if (row->move == STACK_CAME) {
		fputs(count > 1 ? ", are new" : ", is new", text->out);
	} else {
		fputs(", before", text->out);
		put_side(text, &row->before);
	}
	fprintf(text->out, "%s\n", text->style->end);
	put_move(moves, row);
	fputc('\n', text->out);
}

static void put_sum(const struct text *text, const struct goroutine_diff *diff)
{
	size_t all = diff->count - diff->by[STACK_WENT];

	fprintf(text->out, "%zu of %zu goroutine%s did not move", diff->by[STACK_STAYED], all,
		text_plural(all));
	if (diff->by[STACK_UNKNOWN] > 0)
		fprintf(text->out, ", %zu ran both times or could not be looked at",
			diff->by[STACK_UNKNOWN]);
}

// Writes all of DIFF that is to be shown.
static void put_all(struct moves *moves, const struct goroutine_diff *diff)
{
	for (size_t i = 0; i < diff->count; i++) {
		const struct goroutine_diff_row *row = &diff->rows[i];
		if (!stack_move_is_shown(row->move))
			continue;
		uint64_t hash = 0;
		if (moves->merge)
			hash = hash_side(hash_side(0, moves->before, &row->before), moves->after,
				&row->after);
		moves->shown[moves->count++] = (struct shown){row, hash};
	}
	qsort(moves->shown, moves->count, sizeof(*moves->shown), compare);
	for (size_t first = 0, end; first < moves->count; first = end) {
		end = first + 1;
		while (moves->merge && end < moves->count &&
			same_row(moves, moves->shown[first].row, moves->shown[end].row))
			end++;
		put_group(moves, first, end - first);
	}
}

int text_put_goroutine_moves(const struct text *text, const struct stack_report *before,
	const struct stack_report *after, bool merge)
{
	auto_goroutine_diff struct goroutine_diff diff = {0};
	int r = goroutine_diff_make(before, after, &diff);

	if (r < 0 || !diff.there)
		return r;
	auto_free struct shown *shown = calloc(diff.count + 1, sizeof(*shown));
	if (!shown)
		return -ENOMEM;
	struct moves moves = {
		.text = text, .before = before, .after = after, .shown = shown, .merge = merge};
	put_all(&moves, &diff);
	if (diff.reason) {
		fputs("goroutines are not compared: ", text->out);
		text_put(text, diff.reason);
	} else {
		put_sum(text, &diff);
	}
	if (text->report_count > 1)
		fprintf(text->out, " (process %d)", (after ? after : before)->snapshot->pid);
	fputc('\n', text->out);
	return 0;
}
