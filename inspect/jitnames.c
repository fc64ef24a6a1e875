// SPDX-License-Identifier: GPL-2.0-or-later
// An index of names by address.
#include "jitnames.h"

#include "cleanup.h"

#include <string.h>

enum { LOOKED_AT_MAX = 4096 }; // rows that may cover an address or overlap another, each time

static void give_up(struct jitnames *names)
{
	jitnames_fini(names);
	names->broken = true;
}

void jitnames_add(
	struct jitnames *names, uint64_t start, uint64_t len, const char *text, size_t text_len)
{
	if (names->broken || len == 0 || len > UINT64_MAX - start || text_len > UINT32_MAX)
		return;
	if (names->count == names->capacity) {
		size_t capacity = names->capacity ? 2 * names->capacity : 1024;
		struct jitname *grown = NULL;
		if (names->count < JITNAMES_MAX)
			grown = reallocarray(names->rows, capacity, sizeof(*grown));
		if (!grown) {
			give_up(names);
			return;
		}
		names->rows = grown;
		names->capacity = capacity;
	}
	names->rows[names->count] = (struct jitname){
		start, start + len, text, (uint32_t)text_len, (uint32_t)names->count};
	names->count++;
}

static int compare(const void *a, const void *b)
{
	const struct jitname *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->serial > y->serial) - (x->serial < y->serial);
}

void jitnames_seal(struct jitnames *names)
{
	uint64_t reach = 0;

	if (names->count == 0)
		return;
	names->reach = calloc(names->count, sizeof(*names->reach));
	if (!names->reach) {
		give_up(names);
		return;
	}
	qsort(names->rows, names->count, sizeof(*names->rows), compare);
	for (size_t i = 0; i < names->count; i++) {
		if (names->rows[i].end > reach)
			reach = names->rows[i].end;
		names->reach[i] = reach;
	}
}

// The number of rows that begin before END.
static size_t count_before(const struct jitnames *names, uint64_t end)
{
	size_t low = 0, high = names->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (names->rows[middle].start < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// The latest row that overlaps START-END, or NULL when there is none, or too many rows would have
// to be looked at.
static const struct jitname *latest_in(const struct jitnames *names, uint64_t start, uint64_t end)
{
	const struct jitname *latest = NULL;
	unsigned looked_at = 0;

	for (size_t i = count_before(names, end); i-- > 0 && names->reach[i] > start;) {
		const struct jitname *row = &names->rows[i];
		if (++looked_at > LOOKED_AT_MAX)
			return NULL;
		if (row->end > start && (!latest || row->serial > latest->serial))
			latest = row;
	}
	return latest;
}

const struct jitname *jitnames_find(const struct jitnames *names, uint64_t addr)
{
	if (names->count == 0 || addr == UINT64_MAX)
		return NULL;
	const struct jitname *row = latest_in(names, addr, addr + 1);
	if (!row || row->len == 0 || latest_in(names, row->start, row->end) != row)
		return NULL;
	return row;
}

void jitnames_fini(struct jitnames *names)
{
	free(names->rows);
	free(names->reach);
	memset(names, 0, sizeof(*names));
}
