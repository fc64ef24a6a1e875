// SPDX-License-Identifier: GPL-2.0-or-later
// Records of functions, files and lines.
#include "positions_send.h"

#include "cleanup.h"
#include "symbols.h"

#include <stdio.h>
#include <string.h>

enum { OF_FUNCTION, OF_FILE };

// Clears the record for TYPE.
static struct wire_record *new_record(struct positions_sender *sender, enum wire_type type)
{
	memset(sender->record, 0, offsetof(struct wire_record, text) + 1);
	sender->record->type = type;
	return sender->record;
}

// Sends NAME, of what begins at START, as it is to be shown.
static int send_text(struct positions_sender *sender, const char *name, uint64_t start)
{
	struct wire_record *record = new_record(sender, WIRE_SYMBOL);

	record->value = start;
	snprintf(record->text, sizeof(record->text), "%s", name);
	++*sender->symbol_count;
	return wire_put(sender->out, record);
}

// Sends NAME, which may be NULL, is of a KIND, and of what begins at START, unless it is the last
// one of its kind that was sent. Its number to *RET.
static int send_name(
	struct positions_sender *sender, const char *name, uint64_t start, int kind, int32_t *ret)
{
	char **last = &sender->last_names[kind];

	*ret = STACK_NO_INDEX;
	if (!name)
		return 0;
	if (!*last || sender->last_starts[kind] != start || strcmp(*last, name) != 0) {
		auto_free char *shown =
			kind == OF_FILE ? strdup(name) : symbol_display_name(name, sender->raw);
		free(*last);
		*last = strdup(name);
		sender->last_starts[kind] = start;
		int r = *last && shown ? send_text(sender, shown, start) : -ENOMEM;
		if (r < 0)
			return r;
		sender->last_numbers[kind] = (int32_t)*sender->symbol_count - 1;
	}
	*ret = sender->last_numbers[kind];
	return 0;
}

// Sends the positions of QUERY, as those of LOCATION.
static int send_query(
	struct positions_sender *sender, size_t location, const struct position_query *query)
{
	struct wire_position rows[WIRE_POSITIONS_MAX];
	int r = 0;

	if (query->count == 0 || query->count > WIRE_POSITIONS_MAX ||
		location >= WIRE_LOCATIONS_MAX)
		return 0;
	for (size_t i = 0; r == 0 && i < query->count; i++) {
		const struct position *from = &query->rows[i];
		// Where an inlined one begins, nobody asks.
		uint64_t start = i + 1 == query->count ? from->start : 0;
		rows[i].line = from->line;
		r = send_name(sender, from->name, start, OF_FUNCTION, &rows[i].name);
		if (r == 0)
			r = send_name(sender, from->file, 0, OF_FILE, &rows[i].file);
	}
	if (r < 0)
		return r;
	struct wire_record *record = new_record(sender, WIRE_POSITIONS);
	record->index = (uint32_t)location;
	record->count = (uint32_t)query->count;
	memcpy(record->positions, rows, query->count * sizeof(*rows));
	return wire_put(sender->out, record);
}

bool positions_name(struct location_row *const *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i]->symbol < 0)
			return true;
	return false;
}

// True when more is to be known of ROW than KEPT has.
static bool is_new(const struct positions_sender *sender, const struct positions_kept *kept,
	const struct location_row *row)
{
	bool wanted = sender->positions.lines || sender->positions.inlines || row->symbol < 0;

	return wanted && !positions_kept_find(kept, row->vaddr);
}

bool positions_are_new(const struct positions_sender *sender, const struct positions_kept *kept,
	struct location_row *const *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_new(sender, kept, rows[i]))
			return true;
	return false;
}

int positions_look(struct positions_sender *sender, struct positions_kept *kept,
	struct location_row *const *rows, size_t count)
{
	auto_free struct position_query *queries = calloc(count + 1, sizeof(*queries));
	struct positions_trouble trouble;
	size_t new_count = 0;

	if (!queries)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (is_new(sender, kept, rows[i]))
			queries[new_count++] = (struct position_query){
				.vaddr = rows[i]->vaddr, .unnamed = rows[i]->symbol < 0};
	int r = positions_find(&sender->positions, rows[0]->module, queries, new_count, &trouble);
	for (size_t i = 0; r == 0 && i < new_count; i++)
		r = positions_kept_take(kept, &queries[i]);
	positions_kept_trouble(kept, &trouble);
	positions_fini(queries, new_count);
	return r;
}

int positions_send(struct positions_sender *sender, const struct positions_kept *kept,
	const struct location_row *locations, struct location_row *const *rows, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct position_query *known = positions_kept_find(kept, rows[i]->vaddr);
		if (known)
			r = send_query(sender, (size_t)(rows[i] - locations), known);
	}
	return r;
}

void positions_sender_fini(struct positions_sender *sender)
{
	free(sender->last_names[OF_FUNCTION]);
	free(sender->last_names[OF_FILE]);
	*sender = (struct positions_sender){0};
}
