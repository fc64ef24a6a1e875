// SPDX-License-Identifier: GPL-2.0-or-later
// Capability arithmetic.
#include "capsets.h"

#include <linux/capability.h>
#include <stddef.h>

struct capsets capsets_after_exec(const struct capsets *before, const struct capsets_exec *how)
{
	struct capsets after = *before;
	bool root = !how->noroot && (how->real_root || how->effective_root);

	after.permitted = root ? before->bounding | before->inheritable : 0;
	if (how->no_new_privs)
		after.permitted &= before->permitted;
	after.permitted |= before->ambient;
	after.effective = root && how->effective_root ? after.permitted : before->ambient;
	return after;
}

static bool is_subset(uint64_t a, uint64_t b)
{
	return (a & ~b) == 0;
}

static int count_equal(const struct capsets *a, const struct capsets *b)
{
	return (a->inheritable == b->inheritable) + (a->permitted == b->permitted) +
	       (a->effective == b->effective) + (a->bounding == b->bounding) +
	       (a->ambient == b->ambient);
}

static bool can_set_privileged(const struct capsets *ours)
{
	return ours->effective >> CAP_SETPCAP & 1;
}

// WANTED without what a process that has OURS cannot have.
static struct capsets cut_to_possible(const struct capsets *wanted, const struct capsets *ours)
{
	bool privileged = can_set_privileged(ours);
	uint64_t inheritable = ours->inheritable | (privileged ? ours->bounding : ours->permitted);
	struct capsets cut = {
		.permitted = wanted->permitted & ours->permitted,
		.bounding = privileged ? wanted->bounding & ours->bounding : ours->bounding,
		.inheritable = wanted->inheritable & inheritable,
	};

	cut.effective = wanted->effective & cut.permitted;
	cut.ambient = wanted->ambient & cut.permitted & cut.inheritable;
	return cut;
}

// As WANTED, with what is effective raised to ambient: that survives execve(2) for any id.
static struct capsets with_ambient(const struct capsets *wanted)
{
	struct capsets sets = *wanted;

	sets.permitted = wanted->effective;
	sets.inheritable |= wanted->effective;
	sets.ambient = wanted->effective;
	return sets;
}

// As WANTED, bounded to what is effective: then root has just that.
static struct capsets with_bounds(const struct capsets *wanted)
{
	struct capsets sets = *wanted;

	sets.permitted = wanted->effective;
	sets.bounding &= wanted->effective;
	sets.inheritable &= wanted->effective;
	sets.ambient &= wanted->effective;
	return sets;
}

struct candidate {
	struct capsets before;
	bool noroot;
};

void capsets_plan(const struct capsets *wanted, const struct capsets *ours,
	const struct capsets_exec *how, struct capsets_plan *ret)
{
	bool privileged = can_set_privileged(ours);
	bool is_root = how->real_root || how->effective_root;
	const struct capsets goal = cut_to_possible(wanted, ours);
	const struct candidate candidates[] = {
		{goal, false},
		{goal, true},
		{with_bounds(&goal), false},
		{with_ambient(&goal), is_root},
	};
	struct capsets_exec exec = *how;
	int best = -1;

	*ret = (struct capsets_plan){
		.no_new_privs = !privileged && !is_subset(goal.bounding, wanted->bounding),
		.lacking = (wanted->permitted & ~goal.permitted) |
			   (wanted->inheritable & ~goal.inheritable),
	};
	exec.no_new_privs |= ret->no_new_privs;
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		const struct candidate *candidate = &candidates[i];
		bool settable = privileged || (!candidate->noroot &&
						      candidate->before.bounding == ours->bounding);
		exec.noroot = candidate->noroot;
		struct capsets result = capsets_after_exec(&candidate->before, &exec);
		int equal = count_equal(&result, &goal);
		if (!settable || equal <= best || result.effective != goal.effective ||
			!is_subset(result.permitted, goal.permitted))
			continue;
		best = equal;
		ret->before = candidate->before;
		ret->noroot = candidate->noroot;
		ret->result = result;
	}
	if (best >= 0)
		return;
	// Without CAP_SETPCAP nothing else keeps root from having all of the bounding set.
	ret->no_new_privs = exec.no_new_privs = true;
	exec.noroot = false;
	ret->before = goal;
	ret->before.permitted = goal.effective;
	ret->before.ambient &= goal.effective;
	ret->result = capsets_after_exec(&ret->before, &exec);
}
