// SPDX-License-Identifier: GPL-2.0-or-later
// Reading jitdump files.
#include "jitdump.h"

#include "arch.h"
#include "cleanup.h"

#include <string.h>

enum {
	MAGIC = 0x4a695444,
	VERSION = 1,
	HEADER_LEN = 40,
	RECORD_LEN = 16, // what each record begins with
	CODE_LOAD = 0,
	CODE_MOVE = 1,
	PIECES_MAX = JITNAMES_MAX,
};

// Where fields are, in the header and in records.
enum {
	VERSION_AT = 4,
	HEADER_LEN_AT = 8,
	MACHINE_AT = 12,
	TOTAL_AT = 4, // bytes of the record
	LOAD_ADDR_AT = 32,
	LOAD_LEN_AT = 40,
	LOAD_INDEX_AT = 48,
	LOAD_NAME_AT = 56,
	MOVE_ADDR_AT = 40,
	MOVE_LEN_AT = 48,
	MOVE_INDEX_AT = 56,
	MOVE_END = 64,
};

// The names of pieces of code by their numbers, for when they are moved.
struct pieces {
	struct piece {
		const char *text;
		size_t len;
	} * rows;
	size_t capacity;
};

static uint32_t word_at(const unsigned char *bytes, size_t at)
{
	uint32_t word;

	memcpy(&word, bytes + at, sizeof(word));
	return word;
}

static uint64_t long_at(const unsigned char *bytes, size_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

bool jitdump_is(const unsigned char *bytes, size_t len)
{
	return len >= HEADER_LEN && word_at(bytes, 0) == MAGIC &&
	       word_at(bytes, VERSION_AT) == VERSION &&
	       word_at(bytes, MACHINE_AT) == ARCH_ELF_MACHINE;
}

static void note_piece(struct pieces *pieces, uint64_t index, const char *text, size_t len)
{
	if (index >= PIECES_MAX)
		return;
	if (index >= pieces->capacity) {
		size_t capacity = index < 512 ? 1024 : 2 * (size_t)index;
		struct piece *grown = reallocarray(pieces->rows, capacity, sizeof(*grown));
		if (!grown)
			return;
		memset(grown + pieces->capacity, 0, (capacity - pieces->capacity) * sizeof(*grown));
		pieces->rows = grown;
		pieces->capacity = capacity;
	}
	pieces->rows[index] = (struct piece){text, len};
}

static void take_load(
	struct jitnames *names, struct pieces *pieces, const unsigned char *record, size_t len)
{
	const char *text = (const char *)record + LOAD_NAME_AT;
	const char *nul = len > LOAD_NAME_AT ? memchr(text, '\0', len - LOAD_NAME_AT) : NULL;

	if (!nul)
		return;
	size_t text_len = (size_t)(nul - text);
	note_piece(pieces, long_at(record, LOAD_INDEX_AT), text, text_len);
	jitnames_add(
		names, long_at(record, LOAD_ADDR_AT), long_at(record, LOAD_LEN_AT), text, text_len);
}

// Where a piece without a name is moved to, what was there is gone all the same.
static void take_move(struct jitnames *names, const struct pieces *pieces,
	const unsigned char *record, size_t len)
{
	struct piece piece = {"", 0};

	if (len < MOVE_END)
		return;
	uint64_t index = long_at(record, MOVE_INDEX_AT);
	if (index < pieces->capacity && pieces->rows[index].text)
		piece = pieces->rows[index];
	jitnames_add(names, long_at(record, MOVE_ADDR_AT), long_at(record, MOVE_LEN_AT), piece.text,
		piece.len);
}

void jitdump_read(struct jitnames *names, const unsigned char *bytes, size_t len)
{
	struct pieces pieces = {0};
	size_t at, total;

	if (!jitdump_is(bytes, len))
		return;
	for (at = word_at(bytes, HEADER_LEN_AT); at < len && len - at >= RECORD_LEN; at += total) {
		const unsigned char *record = bytes + at;
		total = word_at(record, TOTAL_AT);
		if (total < RECORD_LEN || total > len - at)
			break;
		if (word_at(record, 0) == CODE_LOAD)
			take_load(names, &pieces, record, total);
		else if (word_at(record, 0) == CODE_MOVE)
			take_move(names, &pieces, record, total);
	}
	free(pieces.rows);
}
