// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table of named addresses.
#include "names.h"

#include "cleanup.h"

#include <string.h>

enum { SLOTS_FIRST = 64 };

void names_fini(struct names *names)
{
	for (size_t i = 0; i < names->name_count; i++) {
		free(names->names[i]->text);
		free(names->names[i]);
	}
	free(names->names);
	free(names->rows);
	free(names->used);
	memset(names, 0, sizeof(*names));
}

static void release(void *names)
{
	names_fini(names);
}

struct names *names_of(struct module *module)
{
	return module_part(module, MODULE_NAMES, sizeof(struct names), release);
}

struct name *names_make(struct names *names, uint64_t start, char *text)
{
	auto_free char *owned = text;
	auto_free struct name *name = calloc(1, sizeof(*name));

	if (!owned || !name)
		return NULL;
	if (names->name_count == names->name_capacity) {
		size_t capacity = names->name_capacity ? 2 * names->name_capacity : 32;
		struct name **grown = reallocarray(names->names, capacity, sizeof(grown[0]));
		if (!grown)
			return NULL;
		names->names = grown;
		names->name_capacity = capacity;
	}
	name->start = start;
	name->text = take_ptr(owned);
	names->names[names->name_count++] = name;
	return take_ptr(name);
}

// The slot of VADDR, or the free one where it belongs.
static size_t find_slot(const struct names *names, uint64_t vaddr)
{
	size_t mask = names->slot_count - 1;
	size_t at = (size_t)((vaddr * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

	while (names->used[at] && names->rows[at].vaddr != vaddr)
		at = (at + 1) & mask;
	return at;
}

// Doubles the room; it stays half empty.
static int grow(struct names *names)
{
	size_t slot_count = names->slot_count ? 2 * names->slot_count : SLOTS_FIRST;
	struct names grown = {.slot_count = slot_count,
		.rows = calloc(slot_count, sizeof(*grown.rows)),
		.used = calloc(slot_count, sizeof(*grown.used))};

	if (!grown.rows || !grown.used) {
		names_fini(&grown);
		return -ENOMEM;
	}
	for (size_t i = 0; i < names->slot_count; i++) {
		if (!names->used[i])
			continue;
		size_t slot = find_slot(&grown, names->rows[i].vaddr);
		grown.rows[slot] = names->rows[i];
		grown.used[slot] = true;
	}
	free(names->rows);
	free(names->used);
	names->rows = grown.rows;
	names->used = grown.used;
	names->slot_count = slot_count;
	return 0;
}

int names_put(struct names *names, uint64_t vaddr, struct name *name)
{
	if (2 * (names->count + 1) > names->slot_count) {
		int r = grow(names);
		if (r < 0)
			return r;
	}
	size_t slot = find_slot(names, vaddr);
	names->count += !names->used[slot];
	names->used[slot] = true;
	names->rows[slot] = (struct names_row){vaddr, name};
	return 0;
}

const struct names_row *names_find(const struct names *names, uint64_t vaddr)
{
	if (names->slot_count == 0)
		return NULL;
	size_t slot = find_slot(names, vaddr);
	return names->used[slot] ? &names->rows[slot] : NULL;
}
