// SPDX-License-Identifier: GPL-2.0-or-later
// Where in the source code addresses are from, which functions were inlined there, and what
// function they belong to where no symbol says it: from the debug information of a module, in its
// own file or beside it.
#pragma once

#include "dbgfile.h"
#include "space.h"
#include "wire.h"

// One function at an address.
struct position {
	char *name; // as it is in the file; NULL: not known, or the last row of one that has a name
	uint64_t start; // where the last row's function begins; UINT64_MAX: not known
	char *file;     // NULL: not known
	uint32_t line;  // 0: not known
};

// An address that wants its positions.
struct position_query {
	uint64_t vaddr; // ELF virtual address
	bool unnamed;   // the name of its function is wanted too
	// What was found: innermost first, the last row is the function that the others were
	// inlined into. None: nothing is known.
	struct position *rows;
	size_t count;
};

struct positions {
	struct space *space;
	uint32_t *steps; // that reading may still take for all modules: at first DBG_STEPS_SUM
	bool lines;      // files and lines are wanted,
	bool inlines;    // and inlined functions
	bool names;      // there is no symbol table, and functions want names
	// Opens a file beside module INDEX that its debug information names NAME, or that has the
	// build id ID (of length 0: none), at place *PLACE or a later one, and says at which: a
	// read-only fd for the caller, or -errno.
	int (*open_file)(void *arg, int index, enum wire_request_kind kind, const char *name,
		const struct buildid *id, unsigned *place);
	void *open_file_arg;
};

// True when there is debug information of module INDEX that positions_find() would read. What is
// compressed and large, or in a file that nobody has looked for yet, it does not unless lines are
// wanted, or names: that takes as long as all else.
bool positions_are_there(const struct positions *positions, int index);

// What is wrong with the debug information of a module.
struct positions_trouble {
	const char *note; // a constant; NULL: nothing
	bool is_damage;   // it is broken, or a bomb: what was asked for is lost
};

// Finds the positions of the COUNT QUERIES (ascending by vaddr) in module INDEX. Fails with
// -ENOMEM.
int positions_find(const struct positions *positions, int index, struct position_query *queries,
	size_t count, struct positions_trouble *ret);

// Frees the rows of the COUNT QUERIES, which have none then.
void positions_fini(struct position_query *queries, size_t count);
