// SPDX-License-Identifier: GPL-2.0-or-later
// Address lookups.
#include "space.h"

#include "cleanup.h"

#include <string.h>

enum { PLACES_MAX = 64 }; // where a debug file is looked for

struct space_map {
	bool looked, fits; // whether bias was looked for, and is there
	uint64_t bias;
};

int space_init_with(struct space *space, const struct snapshot *snapshot, struct module **modules)
{
	*space = (struct space){
		.snapshot = snapshot, .modules = modules, .extra_budget = EXTRA_BUDGET};
	space->maps = calloc(snapshot->map_count + 1, sizeof(*space->maps));
	if (!space->modules || !space->maps) {
		space_fini(space);
		return -ENOMEM;
	}
	return 0;
}

int space_init(struct space *space, const struct snapshot *snapshot)
{
	struct module **modules = calloc(snapshot->module_count + 1, sizeof(struct module *));
	struct module *own = calloc(snapshot->module_count + 1, sizeof(*own));

	if (!modules || !own || space_init_with(space, snapshot, modules) < 0) {
		if (!own)
			free(modules);
		free(own);
		return -ENOMEM;
	}
	for (size_t i = 0; i < snapshot->module_count; i++)
		modules[i] = &own[i];
	space->own = own;
	return 0;
}

void space_fini(struct space *space)
{
	if (space->own)
		for (size_t i = 0; i < space->snapshot->module_count; i++)
			module_fini(&space->own[i]);
	free(space->own);
	free(space->modules);
	free(space->maps);
	memset(space, 0, sizeof(*space));
}

const struct snapshot_map *space_find_map(struct space *space, uint64_t addr)
{
	const struct snapshot_map *last = space->last;

	if (!last || addr < last->start || addr >= last->end)
		last = snapshot_find_map(space->snapshot, addr);
	if (last)
		space->last = last;
	return last;
}

struct module *space_module(struct space *space, int index)
{
	struct module *module = space->modules[index];

	module_open(module, module->source ? module->source : &space->snapshot->modules[index]);
	return module;
}

// Looks for the separate debug file of MODULE, which has INDEX, at one place after the other.
static bool find_debug_file(struct space *space, struct module *module, int index)
{
	struct debuglink link = {0};

	if (module->extras[EXTRA_FILE].sought)
		return false;
	module->extras[EXTRA_FILE].sought = true;
	bool linked = debuglink_read(module->elf, &link) == 0;
	if (!space->open_debug || (!linked && module->build_id.len == 0))
		return false;
	for (unsigned place = 0; place < PLACES_MAX; place++) {
		int fd = space->open_debug(space->open_debug_arg, index, &link, &place);
		if (fd < 0)
			return false;
		if (module_add_debug_file(module, &link, fd, &space->extra_budget))
			return true;
	}
	return false;
}

bool space_extend(struct space *space, int index)
{
	struct module *module = space_module(space, index);

	return module->elf && (module_unpack(module, &space->extra_budget) ||
				      find_debug_file(space, module, index));
}

struct location space_locate(struct space *space, uint64_t addr)
{
	const struct location nowhere = {.module = SNAPSHOT_NO_MODULE};
	const struct snapshot_map *map = space_find_map(space, addr);

	if (!map || map->module == SNAPSHOT_NO_MODULE || !map->executable)
		return nowhere;
	struct space_map *info = &space->maps[map - space->snapshot->maps];
	if (!info->looked) {
		info->looked = true;
		info->fits = module_bias(space_module(space, map->module), map, &info->bias) == 0;
	}
	if (!info->fits)
		return nowhere;
	return (struct location){map->module, addr - info->bias, info->bias};
}

// Reads a word at ADDR of the LEN bytes at OFFSET of the snapshot's stacks, which were copied from
// START. Returns false when it is not there.
static bool read_copy(const struct snapshot *snapshot, uint64_t start, size_t offset, size_t len,
	uint64_t addr, uint64_t *ret)
{
	if (addr < start || len < sizeof(*ret) || addr - start > len - sizeof(*ret))
		return false;
	memcpy(ret, snapshot->stacks + offset + (addr - start), sizeof(*ret));
	return true;
}

int space_read_word(
	struct space *space, const struct snapshot_thread *thread, uint64_t addr, uint64_t *ret)
{
	if (read_copy(space->snapshot, thread->regs[ARCH_REG_SP], thread->stack_offset,
		    thread->stack_len, addr, ret) ||
		read_copy(space->snapshot, thread->left_sp, thread->left_offset, thread->left_len,
			addr, ret))
		return 0;
	const struct snapshot_map *map = space_find_map(space, addr);
	if (!map || map->module == SNAPSHOT_NO_MODULE || map->writable ||
		map->end - addr < sizeof(*ret))
		return -EFAULT;
	const struct module *module = space_module(space, map->module);
	uint64_t offset = addr - map->start + map->offset;
	// Relocated once and then write-protected: the file does not say what is there.
	if (module_is_written(module, offset))
		return -EFAULT;
	return module_read(module, offset, ret, sizeof(*ret));
}
