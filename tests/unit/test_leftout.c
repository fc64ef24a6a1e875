// SPDX-License-Identifier: GPL-2.0-or-later
#include "leftout.h"

#include "unit.h"

static char paths[3][8] = {"/lib/a", "/lib/b", "/lib/c"};
static unsigned char image[1];
static struct snapshot_module modules[] = {
	{.path = paths[0], .fd = 7, .source = SNAPSHOT_SOURCE_MAP_FILES},
	{.path = paths[1], .fd = 8, .source = SNAPSHOT_SOURCE_MAP_FILES},
	{.path = paths[2],
		.fd = -EBADF,
		.source = SNAPSHOT_SOURCE_MEMORY,
		.image = image,
		.image_len = 1},
};
static const struct snapshot snapshot = {.modules = modules, .module_count = 3};
static struct leftout leftout;

static bool blame(uint32_t module, bool naming)
{
	const struct work_place place = {
		.module = module, .stage = naming ? WORK_NAMING : WORK_UNWINDING};

	return leftout_blame(&leftout, &snapshot, &place, false, "it broke");
}

static const struct snapshot_module *told(size_t module)
{
	static struct snapshot_module *kept;
	struct snapshot ret;

	free(kept);
	kept = NULL;
	check_int(leftout_apply(&leftout, &snapshot, &ret, &kept), 0);
	check_int(ret.module_count, 3);
	return &ret.modules[module];
}

Test(leftout, nothing)
{
	struct stacks stacks = {0};

	check_true(told(0) == &modules[0]);
	check_int(stacks_init(&stacks, 0, 3), 0);
	leftout_tell(&leftout, &stacks);
	check_false(stacks.modules[0].left_out);
	stacks_fini(&stacks);
	leftout_fini(&leftout);
	check_no_leak();
}

// First its names, then all of it.
Test(leftout, one_module)
{
	struct stacks stacks = {0};

	check_true(blame(1, true));
	check_true(leftout.unnamed[1] && !leftout.unnamed[0] && !leftout.nameless);
	check_int(told(1)->fd, 8);
	check_true(blame(1, true));
	check_int(told(0)->fd, 7);
	check_int(told(1)->fd, -EBADF);
	check_int(told(1)->source, SNAPSHOT_SOURCE_NONE);
	check_str(told(1)->note, "it is left out: it broke while it read them");
	check_int(stacks_init(&stacks, 0, 3), 0);
	leftout_tell(&leftout, &stacks);
	check_true(stacks.modules[1].left_out);
	check_false(stacks.modules[0].left_out);
	check_str(stacks.modules[1].note, "it is left out: it broke while it read them");
	stacks_fini(&stacks);
	leftout_fini(&leftout);
}

// What broke while it unwound is of no use at all, from memory neither.
Test(leftout, one_that_is_unwound)
{
	check_true(blame(2, false));
	check_int(told(2)->source, SNAPSHOT_SOURCE_NONE);
	check_true(told(2)->image == NULL);
	leftout_fini(&leftout);
}

// When it is not known which it was: the frames, once.
Test(leftout, no_module)
{
	struct stack_frame frames[] = {{.module = 1}, {.module = STACK_NO_INDEX}};
	struct stacks stacks = {0};

	check_true(blame(WORK_NO_MODULE, false));
	check_true(leftout.nameless);
	check_true(leftout.unnamed[0] && leftout.unnamed[2]);
	check_int(told(1)->fd, 8);
	check_false(blame(3, true));
	check_int(stacks_init(&stacks, 1, 3), 0);
	stacks.stacks[0].frames = frames;
	stacks.stacks[0].frame_count = 2;
	leftout_tell(&leftout, &stacks);
	check_true(stacks.modules[1].left_out);
	check_false(stacks.modules[0].left_out);
	stacks.stacks[0].frames = NULL;
	stacks_fini(&stacks);
	leftout_fini(&leftout);
}

// One that does the same again although its file is gone: it is not that file.
Test(leftout, the_wrong_module)
{
	check_true(blame(0, false));
	check_true(blame(0, false));
	check_true(leftout.nameless);
	check_false(blame(0, false));
	leftout_fini(&leftout);
}

// Another capture of the same process has the same modules; one after it has executed another
// program has not.
Test(leftout, kept_for_the_same_modules)
{
	struct snapshot_module others[3];
	const struct snapshot other = {.modules = others, .module_count = 3};

	memcpy(others, modules, sizeof(others));
	others[0].start = 0x1000;
	check_true(blame(1, false));
	leftout_keep(&leftout, &other);
	check_int(told(1)->fd, -EBADF);
	others[1].start = 0x1000;
	leftout_keep(&leftout, &other);
	check_true(leftout.rows == NULL);
	check_true(told(1) == &modules[1]);
}

// Processes that were forked have their modules at the same addresses.
Test(leftout, forgotten_for_another_process)
{
	struct snapshot other = snapshot;

	other.pid++;
	check_true(blame(1, false));
	leftout_keep(&leftout, &snapshot);
	check_int(told(1)->fd, -EBADF);
	leftout_keep(&leftout, &other);
	check_true(leftout.rows == NULL);
}

Test(leftout, slow_everywhere)
{
	const struct work_place place = {.module = 1};

	check_true(leftout_blame(&leftout, &snapshot, &place, true, "it took long"));
	check_true(leftout.nameless);
	check_int(told(1)->fd, 8);
	leftout_fini(&leftout);
}

// A process of hostile files only: there is an end.
Test(leftout, many)
{
	enum { COUNT = 100 };
	struct snapshot many = {
		.modules = calloc(COUNT, sizeof(*many.modules)), .module_count = COUNT};
	unsigned tries = 0;

	while (tries < COUNT) {
		const struct work_place place = {.module = tries};
		if (!leftout_blame(&leftout, &many, &place, false, "it broke"))
			break;
		tries++;
	}
	check_true(tries > 10 && tries < 50);
	free(many.modules);
	leftout_fini(&leftout);
	check_no_leak();
}
