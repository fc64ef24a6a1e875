// SPDX-License-Identifier: GPL-2.0-or-later
// Grouping by sorting.
#include "stack_groups.h"

#include "cleanup.h"
#include "stack_compare.h"

#include <string.h>

// A thread while it is sorted.
struct hashed {
	uint64_t hash;
	struct stack_ref ref;
};

static int compare_refs(const struct stack_ref *a, const struct stack_ref *b)
{
	if (a->report != b->report)
		return a->report < b->report ? -1 : 1;
	return (a->thread > b->thread) - (a->thread < b->thread);
}

static int compare_hashed(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return compare_refs(&x->ref, &y->ref);
}

// Small groups first, then by the first thread.
static int compare_groups(const void *a, const void *b, void *arg)
{
	const struct stack_ref *refs = arg;
	const struct stack_group *x = a, *y = b;

	if (x->end - x->first != y->end - y->first)
		return x->end - x->first < y->end - y->first ? -1 : 1;
	return compare_refs(&refs[x->first], &refs[y->first]);
}

static size_t count_threads(const struct stack_report *const *reports, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += reports[i]->snapshot->thread_count;
	return sum;
}

static void fill(
	const struct stack_report *const *reports, size_t count, bool merge, struct hashed *rows)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < reports[i]->snapshot->thread_count; j++)
			*rows++ = (struct hashed){
				merge ? stack_hash(reports[i], j) : 0, {(uint32_t)i, (uint32_t)j}};
}

static bool same(const struct stack_report *const *reports, struct stack_ref a, struct stack_ref b)
{
	return stack_same(reports[a.report], a.thread, reports[b.report], b.thread);
}

// Makes the groups of the sorted ROWS.
static void group(const struct stack_report *const *reports, const struct hashed *rows, bool merge,
	struct stack_groups *groups)
{
	size_t count = groups->ref_count;

	for (size_t first = 0, end; first < count; first = end) {
		end = first + 1;
		while (merge && end < count && rows[end].hash == rows[first].hash &&
			same(reports, rows[first].ref, rows[end].ref))
			end++;
		groups->groups[groups->group_count++] = (struct stack_group){first, end};
	}
	for (size_t i = 0; i < count; i++)
		groups->refs[i] = rows[i].ref;
}

int stack_groups_make(const struct stack_report *const *reports, size_t count, bool merge,
	struct stack_groups *ret)
{
	size_t threads = count_threads(reports, count);
	auto_free struct hashed *rows = calloc(threads + 1, sizeof(*rows));
	struct stack_groups groups = {.ref_count = threads,
		.refs = calloc(threads + 1, sizeof(*groups.refs)),
		.groups = calloc(threads + 1, sizeof(*groups.groups))};

	if (!rows || !groups.refs || !groups.groups) {
		stack_groups_fini(&groups);
		return -ENOMEM;
	}
	fill(reports, count, merge, rows);
	if (merge)
		qsort(rows, threads, sizeof(*rows), compare_hashed);
	group(reports, rows, merge, &groups);
	if (merge)
		qsort_r(groups.groups, groups.group_count, sizeof(*groups.groups), compare_groups,
			groups.refs);
	*ret = groups;
	return 0;
}

void stack_groups_fini(struct stack_groups *groups)
{
	free(groups->refs);
	free(groups->groups);
	memset(groups, 0, sizeof(*groups));
}
