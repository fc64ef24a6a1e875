// SPDX-License-Identifier: GPL-2.0-or-later
// Comparing goroutines.
#include "goroutine_diff.h"

#include "cleanup.h"
#include "stack_compare.h"

#include <string.h>

// A goroutine of either round, while they are paired.
struct key {
	uint64_t id;
	struct goroutine_side side;
	bool is_after;
};

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->is_after - y->is_after;
}

static const struct goroutines *goroutines_of(const struct stack_report *report)
{
	return report ? &report->stacks->goroutines : NULL;
}

static size_t count_of(const struct goroutines *goroutines)
{
	return goroutines ? goroutines->row_count + goroutines->other_count : 0;
}

// Adds a key for each of GOROUTINES, which may be NULL. Returns how many.
static size_t add_keys(struct key *keys, const struct goroutines *goroutines, bool is_after)
{
	size_t added = 0;

	for (size_t i = 0; goroutines && i < goroutines->row_count; i++)
		keys[added++] = (struct key){
			goroutines->rows[i].id, {GOROUTINE_PARKED, &goroutines->rows[i]}, is_after};
	for (size_t i = 0; goroutines && i < goroutines->other_count; i++)
		keys[added++] = (struct key){goroutines->others[i].id,
			{goroutines->others[i].ran ? GOROUTINE_RAN : GOROUTINE_UNSEEN, NULL},
			is_after};
	return added;
}

struct pair {
	const struct stack_report *before, *after;
};

// Finds out what became of the goroutine of ROW.
static void judge(const struct pair *pair, struct goroutine_diff_row *row)
{
	const enum goroutine_place before = row->before.place, after = row->after.place;
	const struct goroutine *x = row->before.row, *y = row->after.row;

	if (after == GOROUTINE_ABSENT) {
		bool sure = !pair->after || goroutines_of(pair->after)->whole;
		row->move = sure ? STACK_WENT : STACK_UNKNOWN;
	} else if (before == GOROUTINE_ABSENT) {
		bool sure = !pair->before || goroutines_of(pair->before)->whole;
		row->move = sure ? STACK_CAME : STACK_UNKNOWN;
	} else if (x && y) {
		bool same = x->state == y->state && strcmp(x->wait, y->wait) == 0 &&
			    stack_same_chain(pair->before, &x->stack, pair->after, &y->stack);
		row->move = same ? STACK_STAYED : STACK_MOVED;
		if (!same)
			row->common =
				stack_count_common(pair->before, &x->stack, pair->after, &y->stack);
	} else {
		bool ran = before == GOROUTINE_RAN || after == GOROUTINE_RAN;
		row->move = (x || y) && ran ? STACK_RAN : STACK_UNKNOWN;
	}
}

// Pairs the COUNT sorted KEYS.
static void pair_keys(
	const struct pair *pair, const struct key *keys, size_t count, struct goroutine_diff *diff)
{
	for (size_t i = 0; i < count; i++) {
		struct goroutine_diff_row *row = &diff->rows[diff->count++];
		const struct key *key = &keys[i], *next = key + 1;
		bool both =
			!key->is_after && i + 1 < count && next->is_after && next->id == key->id;
		*row = (struct goroutine_diff_row){.id = key->id};
		if (key->is_after)
			row->after = key->side;
		else
			row->before = key->side;
		if (both) {
			row->after = next->side;
			i++;
		}
		judge(pair, row);
		diff->by[row->move]++;
	}
}

// Why the goroutines of BEFORE and AFTER, either of which may be NULL, cannot be compared, or NULL.
static const char *why_not(const struct goroutines *before, const struct goroutines *after)
{
	if (after && !after->there)
		return "it has no Go runtime any more";
	if (before && !before->there)
		return "it had no Go runtime in the round before";
	if (after && !after->shown)
		return after->reason;
	return before && !before->shown ? before->reason : NULL;
}

int goroutine_diff_make(const struct stack_report *before, const struct stack_report *after,
	struct goroutine_diff *ret)
{
	const struct goroutines *x = goroutines_of(before), *y = goroutines_of(after);
	const struct pair pair = {before, after};
	struct goroutine_diff diff = {.there = (x && x->there) || (y && y->there)};

	if (diff.there)
		diff.reason = why_not(x, y);
	if (!diff.there || diff.reason) {
		*ret = diff;
		return 0;
	}
	size_t most = count_of(x) + count_of(y);
	auto_free struct key *keys = calloc(most + 1, sizeof(*keys));
	diff.rows = calloc(most + 1, sizeof(*diff.rows));
	if (!keys || !diff.rows) {
		goroutine_diff_fini(&diff);
		*ret = diff;
		return -ENOMEM;
	}
	size_t count = add_keys(keys, x, false);
	count += add_keys(keys + count, y, true);
	qsort(keys, count, sizeof(*keys), compare_keys);
	pair_keys(&pair, keys, count, &diff);
	*ret = diff;
	return 0;
}

void goroutine_diff_fini(struct goroutine_diff *diff)
{
	free(diff->rows);
	memset(diff, 0, sizeof(*diff));
}
