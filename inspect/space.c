// SPDX-License-Identifier: GPL-2.0-or-later
// Address lookups.
#include "space.h"

#include "cleanup.h"
#include "dbgfile.h"
#include "jitfiles.h"
#include "symbols.h"

#include <string.h>

enum {
	PLACES_MAX = 64, // where a debug file is looked for
	PAGE = 4096,
};

struct space_map {
	bool looked, fits; // whether bias was looked for, and is there
	uint64_t bias;
};

int space_init_with(struct space *space, const struct snapshot *snapshot, struct module **modules)
{
	*space = (struct space){.snapshot = snapshot,
		.modules = modules,
		.extra_budget = EXTRA_BUDGET,
		.ahead = SNAPSHOT_NO_MODULE};
	space->maps = calloc(snapshot->map_count + 1, sizeof(*space->maps));
	space->moved = calloc(snapshot->module_count + 1, sizeof(*space->moved));
	if (!space->modules || !space->maps || !space->moved) {
		space_fini(space);
		return -ENOMEM;
	}
	space->modules[space_made(space)] = &space->made_module;
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
	module_fini(&space->made_module);
	free(space->own);
	free(space->moved);
	jitnames_fini(&space->names);
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

// The code at ADDR, in whatever it lies, as module_code() does.
static const unsigned char *find_code(void *arg, uint64_t addr, size_t *ret_len)
{
	struct space *space = arg;
	const struct snapshot *snapshot = space->snapshot;
	const struct snapshot_part *part = snapshot_find_part(snapshot, addr, 1);

	if (part) {
		*ret_len = part->len - (addr - part->start);
		return snapshot->stacks + part->offset + (addr - part->start);
	}
	struct location at = space_locate(space, addr);
	if (at.module == SNAPSHOT_NO_MODULE)
		return NULL;
	return module_code(space_module(space, at.module), at.vaddr, ret_len);
}

// Fills in what there is of code in no file.
static const struct made_code *find_made(struct space *space)
{
	space->made = (struct made_code){.snapshot = space->snapshot,
		.names = space_jit_names(space),
		.find = find_code,
		.arg = space};
	return &space->made;
}

struct module *space_module(struct space *space, int index)
{
	struct module *module = space->modules[index];

	if (space->at)
		*space->at = (uint32_t)index;
	if (index != space_made(space))
		module_open(
			module, module->source ? module->source : &space->snapshot->modules[index]);
	else if (!module->opened)
		module_open_made(module, find_made(space));
	return module;
}

// Looks for the separate debug file of MODULE, which has INDEX, at one place after the other, from
// PLACE on. KIND is EXTRA_FILE, or EXTRA_INFO for one that has debug information.
static bool find_debug_file(
	struct space *space, struct module *module, int index, enum extra_kind kind, unsigned place)
{
	struct debuglink link = {0};
	struct extra *extra = &module->extras[kind];

	if (extra->sought)
		return false;
	extra->sought = true;
	int linked = debuglink_read(module->elf, &link);
	if (linked == -EINVAL)
		module_damage(module, "its debug link is broken, or leads out of its directory");
	if (!space->open_debug || (linked < 0 && module->build_id.len == 0))
		return false;
	for (; place < PLACES_MAX; place++) {
		int fd = space->open_debug(space->open_debug_arg, index, &link, &place);
		if (fd == -EINVAL)
			module_damage(module, "where its debug file should be is something else");
		if (fd < 0)
			return false;
		if (!module_add_debug_file(module, kind, &link, fd, &space->extra_budget))
			continue;
		extra->place = place;
		if (kind == EXTRA_FILE || dbg_is_in(extra->elf, UINT64_MAX))
			return true;
		extra_fini(extra);
		extra->sought = true;
	}
	return false;
}

bool space_extend(struct space *space, int index)
{
	struct module *module = space_module(space, index);

	return module->elf && (module_unpack(module, &space->extra_budget) ||
				      find_debug_file(space, module, index, EXTRA_FILE, 0));
}

void space_take_ahead(struct space *space, int index)
{
	struct module *module = space_module(space, index);

	if (index == space->ahead && module->elf)
		find_debug_file(space, module, index, EXTRA_FILE, 0);
}

Elf *space_debug_info(struct space *space, int index, bool seek)
{
	struct module *module = space_module(space, index);
	struct extra *file = &module->extras[EXTRA_FILE], *info = &module->extras[EXTRA_INFO];
	struct debuglink link;

	if (!module->elf || dbg_is_in(module->elf, UINT64_MAX))
		return module->elf;
	if (seek && (!symbols_are_complete(module) || debuglink_read(module->elf, &link) == 0))
		find_debug_file(space, module, index, EXTRA_FILE, 0);
	if (!file->elf || dbg_is_in(file->elf, UINT64_MAX))
		return file->elf;
	if (seek)
		find_debug_file(space, module, index, EXTRA_INFO, file->place + 1);
	return info->elf;
}

const char *space_note(const struct space *space, int index)
{
	const char *note = space->modules[index]->note;

	return note[0] || !space->moved[index]
		       ? note
		       : "its code was moved to other memory, where it is the same";
}

const struct jitnames *space_jit_names(struct space *space)
{
	if (space->named)
		return &space->names;
	space->named = true;
	if (!jitfiles_add_dumps(&space->names, space->snapshot) && space->open_perfmap) {
		bool taken = false;
		for (unsigned place = 0; !taken && place < PLACES_MAX; place++) {
			auto_fd int fd = space->open_perfmap(space->open_debug_arg, &place);
			if (fd < 0)
				break;
			taken = jitfiles_add_perfmap(&space->names, fd);
		}
	}
	jitnames_seal(&space->names);
	return &space->names;
}

// True when what was copied at ADDR is what MODULE has there, BIAS below: as much of the page as
// both have.
static bool is_same_code(
	struct space *space, const struct module *module, uint64_t addr, uint64_t bias)
{
	const uint64_t page = addr & ~(uint64_t)(PAGE - 1);
	size_t len = 0, copied_len;
	const unsigned char *code = module_code(module, page - bias, &len);

	addr = code ? page : addr;
	if (!code)
		code = module_code(module, addr - bias, &len);
	const struct snapshot_part *part = snapshot_find_part(space->snapshot, addr, 1);
	if (!code || !part)
		return false;
	copied_len = part->len - (addr - part->start);
	if (len > copied_len)
		len = copied_len;
	if (len > PAGE)
		len = PAGE;
	return memcmp(code, space->snapshot->stacks + part->offset + (addr - part->start), len) ==
	       0;
}

// Where ADDR, in the anonymous mapping MAP, lies in the file whose mapping stands before that: code
// that was moved out of the file into memory, to have it in huge pages, and is the same. Returns
// false when it is none.
static bool locate_moved(
	struct space *space, const struct snapshot_map *map, uint64_t addr, struct location *ret)
{
	const struct snapshot_map *before = map - 1;
	uint64_t bias;

	if (map == space->snapshot->maps || map->module != SNAPSHOT_NO_MODULE ||
		before->module == SNAPSHOT_NO_MODULE || before->end != map->start)
		return false;
	struct module *module = space_module(space, before->module);
	if (!module->elf || module_bias(module, before, &bias) < 0 ||
		!is_same_code(space, module, addr, bias))
		return false;
	space->moved[before->module] = true;
	*ret = (struct location){before->module, addr - bias, bias};
	return true;
}

// Where ADDR, in MAP, lies if it is code that is in no file.
static struct location locate_made(
	struct space *space, const struct snapshot_map *map, uint64_t addr)
{
	struct location at = {SNAPSHOT_NO_MODULE, addr, 0};

	if (snapshot_find_part(space->snapshot, addr, 1) && !locate_moved(space, map, addr, &at))
		at.module = space_made(space);
	return at;
}

struct location space_locate(struct space *space, uint64_t addr)
{
	const struct location nowhere = {.module = SNAPSHOT_NO_MODULE};
	const struct snapshot_map *map = space_find_map(space, addr);

	if (!map || !map->executable)
		return nowhere;
	if (map->module == SNAPSHOT_NO_MODULE || !space_module(space, map->module)->elf)
		return locate_made(space, map, addr);
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
	if (addr >= space->beside_start && space->beside_len >= sizeof(*ret) &&
		addr - space->beside_start <= space->beside_len - sizeof(*ret)) {
		memcpy(ret, space->beside + (addr - space->beside_start), sizeof(*ret));
		return 0;
	}
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
