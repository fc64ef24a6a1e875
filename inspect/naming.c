// SPDX-License-Identifier: GPL-2.0-or-later
// From symbols to names that are kept.
#include "naming.h"

#include "cleanup.h"

#include <string.h>

// Keeps what was found for the COUNT QUERIES in NAMES.
static int keep(struct names *names, bool raw, const struct symbol_query *queries, size_t count)
{
	struct name *name = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct symbol_query *query = &queries[i], *before = query - 1;
		// Addresses of one function stand side by side and share its name.
		bool same = i > 0 && before->name == query->name && before->start == query->start;
		if (query->name && !same)
			name = names_make(names, query->start, symbol_query_name(query, raw));
		if (query->name && !name)
			return -ENOMEM;
		r = names_put(names, query->vaddr, query->name ? name : NULL);
	}
	return r;
}

// Notes what names of the COUNT QUERIES were lost by, or whose end.
static void note_damage(struct module *module, const struct symbol_query *queries, size_t count)
{
	bool missing = false, endless = false;

	for (size_t i = 0; i < count; i++) {
		missing |= !queries[i].name;
		endless |= queries[i].name &&
			   strnlen(queries[i].name, SYMBOL_NAME_RAW) == SYMBOL_NAME_RAW;
	}
	if (missing && symbols_are_broken(module))
		module_damage(module, "its symbol table cannot be read");
	if (endless)
		module_damage(module, "a name in its symbol table has no end");
}

int naming_find(
	struct space *space, int index, bool raw, struct symbol_query *queries, size_t count)
{
	struct module *module = space_module(space, index);
	struct names *names = names_of(module);

	if (!names)
		return -ENOMEM;
	space_take_ahead(space, index); // names that it has need not be missed first
	do
		symbols_resolve(module, queries, count);
	while (!symbols_cover(queries, count) && !symbols_are_complete(module) &&
		space_extend(space, index));
	note_damage(module, queries, count);
	return keep(names, raw, queries, count);
}
