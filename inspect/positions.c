// SPDX-License-Identifier: GPL-2.0-or-later
// From addresses to functions, files and lines.
#include "positions.h"

#include "beside.h"
#include "cleanup.h"
#include "dbginline.h"
#include "dbgline.h"

#include <dwarf.h>

enum { UNPACKED_UNASKED = 1 << 20 }; // bytes that are unpacked though no lines are wanted

// The queries of one unit, and what is known of them.
struct group {
	const struct positions *positions;
	const struct dbg_unit *unit;    // that has the line numbers
	const struct dbg_unit *entries; // that has the functions: the same one, or a split one
	size_t count;
	struct position_query **queries; // ascending
	uint64_t *pcs;                   // theirs
	struct dbg_line *lines;
	struct dbg_chain *chains;
	uint64_t last_file; // the name of which is known
	char *last_path;
};

// The path of file INDEX of GROUP's unit, a copy; NULL: not known, or no memory.
static char *path_of(struct group *group, uint64_t index)
{
	if (group->last_file != index) {
		free(group->last_path);
		group->last_path = dbg_line_file(group->unit, index);
		group->last_file = index;
	}
	return group->last_path ? strdup(group->last_path) : NULL;
}

static void set_line(struct group *group, struct position *row, uint64_t file, uint64_t line)
{
	if (!group->positions->lines)
		return;
	row->file = path_of(group, file);
	row->line = row->file && line <= INT32_MAX ? (uint32_t)line : 0;
}

// Fills in the positions of query I of GROUP. Where no inlined functions are wanted, what is left
// is the function itself, at the place where the outermost one was called.
static int fill(struct group *group, size_t i)
{
	struct position_query *query = group->queries[i];
	const struct dbg_chain *chain = &group->chains[i];
	const struct dbg_line *line = &group->lines[i];
	size_t inlined = chain->count > 0 ? chain->count - 1 : 0;
	size_t first = group->positions->inlines ? 0 : inlined;
	bool unnamed = query->unnamed && chain->count > 0;

	if (inlined == 0 && !line->found && !unnamed)
		return 0;
	query->rows = calloc(inlined + 1 - first, sizeof(*query->rows));
	if (!query->rows)
		return -ENOMEM;
	query->count = inlined + 1 - first;
	for (size_t row = first; row <= inlined; row++) {
		struct position *to = &query->rows[row - first];
		// Those of the chain begin with the outermost.
		const struct dbg_inlined *level = chain->levels + (inlined - row);
		if (row == 0 && line->found)
			set_line(group, to, line->file, line->line);
		else if (row > 0)
			set_line(group, to, level[1].call_file, level[1].call_line);
		if (row == inlined && !unnamed)
			continue;
		const char *name = dbg_function_name(group->entries, level->entry);
		to->name = name ? strdup(name) : NULL;
		to->start = level->start;
	}
	return 0;
}

// Finds all of GROUP.
static int solve(struct group *group)
{
	int r = 0;

	if (group->positions->lines)
		dbg_lines_find(group->unit, group->pcs, group->count, group->lines);
	// A line alone could be that of a function that was inlined.
	if (!dbg_inlined_find(group->entries, group->pcs, group->count, group->chains))
		return 0;
	for (size_t i = 0; r == 0 && i < group->count; i++)
		r = fill(group, i);
	return r;
}

// Finds the positions of the COUNT QUERIES, which are of the unit at OFFSET of FILE.
static int solve_unit(struct beside *beside, struct dbg_file *file, uint64_t offset,
	struct position_query **queries, size_t count)
{
	struct dbg_unit unit, split;
	auto_free uint64_t *pcs = calloc(count, sizeof(*pcs));
	auto_free struct dbg_line *lines = calloc(count, sizeof(*lines));
	auto_free struct dbg_chain *chains = calloc(count, sizeof(*chains));
	struct group group = {.positions = beside->positions,
		.unit = &unit,
		.entries = &unit,
		.count = count,
		.queries = queries,
		.pcs = pcs,
		.lines = lines,
		.chains = chains,
		.last_file = UINT64_MAX};

	if (!pcs || !lines || !chains)
		return -ENOMEM;
	if (!dbg_unit_read(file, offset, NULL, NULL, &unit))
		return 0;
	for (size_t i = 0; i < count; i++)
		pcs[i] = queries[i]->vaddr;
	if (unit.has_id && unit.values[DBG_DWO_NAME].form != 0 &&
		beside_split(beside, &unit, &split))
		group.entries = &split;
	int r = solve(&group);
	for (size_t i = 0; i < count; i++)
		free(chains[i].levels);
	free(group.last_path);
	return r;
}

// A query and the unit that it belongs to.
struct belonging {
	uint64_t unit;
	struct position_query *query;
};

static int compare(const void *a, const void *b)
{
	const struct belonging *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return (x->query > y->query) - (x->query < y->query);
}

// Finds the positions of the COUNT QUERIES in FILE, unit by unit.
static int find_all(
	struct beside *beside, struct dbg_file *file, struct position_query *queries, size_t count)
{
	auto_free uint64_t *pcs = calloc(count, sizeof(*pcs));
	auto_free uint64_t *units = calloc(count, sizeof(*units));
	auto_free struct belonging *rows = calloc(count, sizeof(*rows));
	auto_free struct position_query **sorted = calloc(count, sizeof(struct position_query *));
	int r = 0;

	if (!pcs || !units || !rows || !sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		pcs[i] = queries[i].vaddr;
	dbg_index_find(file, pcs, count, units);
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct belonging){units[i], &queries[i]};
	qsort(rows, count, sizeof(*rows), compare);
	for (size_t i = 0; i < count; i++)
		sorted[i] = rows[i].query;
	for (size_t first = 0, end; r == 0 && first < count; first = end) {
		for (end = first + 1; end < count && rows[end].unit == rows[first].unit;)
			end++;
		if (rows[first].unit != UINT64_MAX)
			r = solve_unit(beside, file, rows[first].unit, sorted + first, end - first);
	}
	return r;
}

static const char *note_of(enum dbg_trouble trouble)
{
	static const char *const notes[DBG_TROUBLE_COUNT] = {
		[DBG_FINE] = NULL,
		[DBG_LEFT] = NULL,
		[DBG_NO_SPLIT] = "not all of its debug information was found (.dwo or .dwp)",
		[DBG_NO_ALT] = "not all of its debug information was found (of dwz)",
		[DBG_OTHER] = "where debug information of it should be is something else",
		[DBG_BROKEN] = "its debug information is broken",
		[DBG_TOO_LARGE] = "its debug information is too large to be read",
		[DBG_PACKED] = "its debug information is compressed in an unknown way",
	};

	return notes[trouble];
}

// True when there is no other way to what is wanted, whatever it costs.
static bool is_needed(const struct positions *positions)
{
	return positions->lines || positions->names;
}

// How many bytes of a module's compressed sections are unpacked.
static uint64_t most_unpacked(const struct positions *positions)
{
	return is_needed(positions) ? SIZE_MAX : UNPACKED_UNASKED;
}

bool positions_are_there(const struct positions *positions, int index)
{
	return dbg_is_in(space_debug_info(positions->space, index, is_needed(positions)),
		most_unpacked(positions));
}

int positions_find(const struct positions *positions, int index, struct position_query *queries,
	size_t count, struct positions_trouble *ret)
{
	uint32_t steps = *positions->steps < DBG_STEPS_MAX ? *positions->steps : DBG_STEPS_MAX;
	struct dbg_limits limits = {.unpack_budget = &positions->space->extra_budget,
		.unpack_most = most_unpacked(positions),
		.steps = steps};
	struct beside beside = {.positions = positions, .index = index, .limits = &limits};
	Elf *elf = space_debug_info(positions->space, index, is_needed(positions));
	struct dbg_file file;

	*ret = (struct positions_trouble){0};
	if (!elf || count == 0)
		return 0;
	dbg_file_init(&file, elf, false, &limits);
	file.find_alt = beside_alt;
	file.find_alt_arg = &beside;
	int r = find_all(&beside, &file, queries, count);
	*positions->steps -= steps - limits.steps;
	dbg_file_fini(&file);
	beside_fini(&beside);
	// Then there are functions without their names.
	if (limits.trouble == DBG_LEFT)
		positions_fini(queries, count);
	ret->note = note_of(limits.trouble);
	ret->is_damage = limits.trouble >= DBG_OTHER && limits.trouble != DBG_PACKED;
	return r;
}

void positions_fini(struct position_query *queries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t row = 0; row < queries[i].count; row++) {
			free(queries[i].rows[row].name);
			free(queries[i].rows[row].file);
		}
		free(queries[i].rows);
		queries[i] = (struct position_query){.vaddr = queries[i].vaddr};
	}
}
