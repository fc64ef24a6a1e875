// SPDX-License-Identifier: GPL-2.0-or-later
// The ways of capturing, and which of them a policy tries.
#include "policy.h"

#include "clock.h"
#include "codecopy.h"
#include "nostop.h"
#include "stop.h"
#include "taskiter.h"

#include <string.h>

struct strategy {
	const char *name;
	bool lists;                        // it finds the threads itself
	void (*begin)(struct plan *plan);  // begins what takes long of probing
	void (*probe)(struct plan *plan);  // opens what it needs, if it needs something
	bool late;                         // not before its turn comes
	int (*capture)(struct plan *plan); // takes the rows that the plan still wants
};

static const struct strategy iterator = {.name = "task iterator",
	.lists = true,
	.begin = taskiter_begin,
	.probe = taskiter_probe,
	.capture = taskiter_take};
static const struct strategy iterator_if_worth = {.name = "task iterator, if worth it",
	.lists = true,
	.begin = taskiter_begin,
	.probe = taskiter_probe_if_worth,
	.capture = taskiter_take};
static const struct strategy iterator_late = {.name = "task iterator, late",
	.probe = taskiter_probe,
	.late = true,
	.capture = taskiter_take};
static const struct strategy from_proc = {.name = "proc", .capture = nostop_take};
static const struct strategy spared = {.name = "proc, patiently", .capture = nostop_take_spared};
static const struct strategy rest = {.name = "proc, the rest", .capture = nostop_take_rest};
static const struct strategy each_sparing = {
	.name = "each, but EINTR", .capture = stop_each_sparing};
static const struct strategy each = {.name = "each", .capture = stop_each_wanted};
static const struct strategy all = {.name = "all", .lists = true, .capture = stop_all};

static const struct policy policies[] = {
	{"auto", true, {&iterator_if_worth, &from_proc, &each_sparing, &spared, &each, &rest}},
	{"never", false, {&iterator, &from_proc}},
	{"each", false, {&each, &iterator_late, &rest}},
	{"all", false, {&all, &iterator_late, &rest}},
};

const struct policy *policy_at(size_t index)
{
	return index < sizeof(policies) / sizeof(policies[0]) ? &policies[index] : NULL;
}

const struct policy *policy_find(const char *name)
{
	const struct policy *policy = NULL;

	for (size_t i = 0; (policy = policy_at(i)); i++)
		if (strcmp(policy->name, name) == 0)
			break;
	return policy;
}

void policy_begin(struct plan *plan)
{
	const struct strategy *const *ways = plan->policy->strategies;

	for (size_t i = 0; ways[i]; i++)
		if (ways[i]->begin)
			ways[i]->begin(plan);
}

void policy_prepare(struct plan *plan)
{
	const struct strategy *const *ways = plan->policy->strategies;

	for (size_t i = 0; !plan->probed && ways[i]; i++)
		if (ways[i]->probe && !ways[i]->late)
			ways[i]->probe(plan);
	plan->probed = true;
	if (plan->needs_probe && ways[plan->rung] && ways[plan->rung]->late)
		ways[plan->rung]->probe(plan);
}

static bool wants_any(const struct plan *plan)
{
	for (size_t i = 0; i < plan->thread_count; i++)
		if (plan_wants(plan, i))
			return true;
	return false;
}

int policy_run(struct plan *plan)
{
	const struct strategy *const *ways = plan->policy->strategies;
	int r = 0;

	if (plan->first_read_us == 0)
		plan->first_read_us = clock_now_us();
	for (; r == 0 && ways[plan->rung]; plan->rung++) {
		const struct strategy *way = ways[plan->rung];
		if (!plan->listed && !way->lists) {
			plan_add_new(plan);
			plan->listed = true;
		}
		if (plan->listed && !wants_any(plan))
			break;
		if (way->late && !plan->needs_probe) {
			plan->needs_probe = true;
			return 1;
		}
		r = way->capture(plan);
		if (r != 0)
			break;
	}
	if (r == 0)
		codecopy_take(plan);
	plan->last_read_us = clock_now_us();
	return r;
}
