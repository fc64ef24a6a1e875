// SPDX-License-Identifier: GPL-2.0-or-later
// Comparing rounds.
#include "stack_diff.h"

#include "cleanup.h"
#include "stack_compare.h"

#include <string.h>

// A thread of either round, while they are paired.
struct thread_key {
	pid_t pid, tid;
	struct stack_ref ref;
	bool is_after;
};

const char *stack_move_name(enum stack_move move)
{
	static const char *const names[STACK_MOVE_COUNT] = {
		[STACK_STAYED] = "stayed",
		[STACK_CAME] = "came",
		[STACK_WENT] = "went",
		[STACK_MOVED] = "moved",
		[STACK_RAN] = "ran",
		[STACK_UNKNOWN] = "unknown",
	};

	return names[move];
}

int stack_move_place(enum stack_move move)
{
	static const int places[STACK_MOVE_COUNT] = {
		[STACK_WENT] = 0, [STACK_CAME] = 1, [STACK_MOVED] = 2, [STACK_RAN] = 3};

	return places[move];
}

bool stack_move_is_shown(enum stack_move move)
{
	return move != STACK_STAYED && move != STACK_UNKNOWN;
}

const struct stack_report *stack_reports_find(
	const struct stack_report *const *reports, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (reports[i]->snapshot->pid == pid)
			return reports[i];
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct thread_key *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->is_after - y->is_after;
}

// Adds a key for each thread of the COUNT REPORTS that was there to KEYS. Returns how many.
static size_t add_keys(struct thread_key *keys, const struct stack_report *const *reports,
	size_t count, bool is_after)
{
	size_t added = 0;

	for (size_t i = 0; i < count; i++) {
		const struct snapshot *snapshot = reports[i]->snapshot;
		for (size_t j = 0; j < snapshot->thread_count; j++) {
			if (!stack_report_has_stack(reports[i], j))
				continue;
			keys[added++] = (struct thread_key){snapshot->pid, snapshot->threads[j].tid,
				{(uint32_t)i, (uint32_t)j}, is_after};
		}
	}
	return added;
}

static size_t count_threads(const struct stack_report *const *reports, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += reports[i]->snapshot->thread_count;
	return sum;
}

// Whether a thread that was read in this way was running.
static bool runs(const struct snapshot_thread *thread)
{
	return thread->status == SNAPSHOT_THREAD_MOVING || thread->state == 'R';
}

// Finds out what became of the thread of ROW, which is there in both rounds. What a stop of ours
// has added to the count of context switches tells nothing: it is not known then.
static void judge(const struct stack_pair *pair, struct stack_diff_row *row)
{
	const struct stack_report *a = pair->before[row->before.report];
	const struct stack_report *b = pair->after[row->after.report];
	const struct snapshot_thread *x = &a->snapshot->threads[row->before.thread];
	const struct snapshot_thread *y = &b->snapshot->threads[row->after.thread];
	bool captured =
		x->status == SNAPSHOT_THREAD_CAPTURED && y->status == SNAPSHOT_THREAD_CAPTURED;

	if (x->switches > 0 && y->switches > x->switches)
		row->switches = y->switches - x->switches;
	if (captured && !stack_same_frames(a, row->before.thread, b, row->after.thread)) {
		row->move = STACK_MOVED;
		row->common = stack_count_common(a, &a->stacks->stacks[row->before.thread], b,
			&b->stacks->stacks[row->after.thread]);
	} else if (row->switches > 0 || runs(x) || runs(y)) {
		row->move = STACK_RAN;
	} else {
		row->move = captured ? STACK_STAYED : STACK_UNKNOWN;
	}
}

// Pairs the COUNT sorted KEYS.
static void pair_keys(const struct stack_pair *pair, const struct thread_key *keys, size_t count,
	struct stack_diff *diff)
{
	for (size_t i = 0; i < count; i++) {
		struct stack_diff_row *row = &diff->rows[diff->count++];
		const struct thread_key *key = &keys[i], *next = key + 1;
		bool both = !key->is_after && i + 1 < count && next->is_after &&
			    next->pid == key->pid && next->tid == key->tid;
		*row = (struct stack_diff_row){.move = key->is_after ? STACK_CAME : STACK_WENT};
		if (key->is_after)
			row->after = key->ref;
		else
			row->before = key->ref;
		if (both) {
			row->after = next->ref;
			judge(pair, row);
			i++;
		}
		diff->by[row->move]++;
	}
}

int stack_diff_make(const struct stack_pair *pair, struct stack_diff *ret)
{
	size_t most = count_threads(pair->before, pair->before_count) +
		      count_threads(pair->after, pair->after_count);
	auto_free struct thread_key *keys = calloc(most + 1, sizeof(*keys));
	struct stack_diff diff = {.rows = calloc(most + 1, sizeof(*diff.rows))};

	if (!keys || !diff.rows) {
		stack_diff_fini(&diff);
		return -ENOMEM;
	}
	size_t count = add_keys(keys, pair->before, pair->before_count, false);
	count += add_keys(keys + count, pair->after, pair->after_count, true);
	qsort(keys, count, sizeof(*keys), compare_keys);
	pair_keys(pair, keys, count, &diff);
	*ret = diff;
	return 0;
}

void stack_diff_fini(struct stack_diff *diff)
{
	free(diff->rows);
	memset(diff, 0, sizeof(*diff));
}
