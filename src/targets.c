// SPDX-License-Identifier: GPL-2.0-or-later
// From the user's word to what it means.
#include "targets.h"

#include "cleanup.h"
#include "target_word.h"

void container_name_fini(struct container_name *name)
{
	free(name->runtime);
	free(name->id);
	free(name->name);
	*name = (struct container_name){0};
}

void named_target_fini(struct named_target *target)
{
	target_fini(&target->target);
	container_name_fini(&target->container);
	target->is_whole = false;
}

void targets_fini(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		named_target_fini(&targets->rows[i]);
	free(targets->rows);
	*targets = (struct targets){0};
}

int targets_open_one(const char *word, struct named_target *ret, struct error *err)
{
	struct named_target row = NAMED_TARGET_EMPTY;
	int r = target_word_open(word, &row.target, err);

	if (r == 0)
		*ret = row;
	return r;
}

int targets_open(const char *word, struct targets *ret, struct error *err)
{
	struct targets targets = {.rows = calloc(1, sizeof(*targets.rows))};

	if (!targets.rows)
		return fail_sys(err, ENOMEM, "opening", "%s", word);
	int r = targets_open_one(word, &targets.rows[0], err);
	if (r < 0) {
		free(targets.rows);
		return r;
	}
	targets.count = 1;
	*ret = targets;
	return 0;
}

int named_target_members(const struct named_target *target, struct members *ret, struct error *err)
{
	return members_find(&target->target, ret, err);
}
