// SPDX-License-Identifier: GPL-2.0-or-later
// Reading debug information byte by byte. Nothing is read beyond the end: what would be is 0, and
// the cursor has failed from then on. Only little endian, as this machine is.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct dbg_bytes {
	const unsigned char *at;
	size_t len;
};

struct dbg_cursor {
	const unsigned char *at, *end;
	bool failed;
};

// A cursor over BYTES from OFFSET on.
static inline struct dbg_cursor dbg_cursor_at(struct dbg_bytes bytes, uint64_t offset)
{
	if (!bytes.at || offset > bytes.len)
		return (struct dbg_cursor){.failed = true};
	return (struct dbg_cursor){.at = bytes.at + offset, .end = bytes.at + bytes.len};
}

static inline size_t dbg_left(const struct dbg_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

// The next LEN bytes; NULL when there are not so many.
static inline const unsigned char *dbg_take(struct dbg_cursor *cursor, uint64_t len)
{
	const unsigned char *at = cursor->at;

	if (len > dbg_left(cursor)) {
		cursor->failed = true;
		cursor->at = cursor->end;
		return NULL;
	}
	cursor->at += len;
	return at;
}

// A number of LEN bytes, at most 8.
static inline uint64_t dbg_number(struct dbg_cursor *cursor, size_t len)
{
	const unsigned char *at = dbg_take(cursor, len);
	uint64_t value = 0;

	if (at)
		memcpy(&value, at, len);
	return value;
}

static inline uint8_t dbg_byte(struct dbg_cursor *cursor)
{
	if (cursor->at < cursor->end)
		return *cursor->at++;
	cursor->failed = true;
	return 0;
}

// The next bits of a LEB128 number, with their count, a multiple of 7, to *RET_BITS. One that does
// not fit into 64 bits has lost what is above.
static inline uint64_t dbg_leb(struct dbg_cursor *cursor, unsigned *ret_bits, uint8_t *ret_last)
{
	uint64_t value = 0;
	unsigned bits = 0;
	uint8_t byte;

	do {
		byte = dbg_byte(cursor);
		if (bits < 64)
			value |= (uint64_t)(byte & 0x7f) << bits;
		bits += 7;
	} while (byte & 0x80);
	*ret_bits = bits;
	*ret_last = byte;
	return value;
}

static inline uint64_t dbg_uleb(struct dbg_cursor *cursor)
{
	unsigned bits;
	uint8_t last;

	if (cursor->at < cursor->end && *cursor->at < 0x80)
		return *cursor->at++;
	return dbg_leb(cursor, &bits, &last);
}

static inline int64_t dbg_sleb(struct dbg_cursor *cursor)
{
	unsigned bits;
	uint8_t last;
	uint64_t value = dbg_leb(cursor, &bits, &last);

	if (bits < 64 && (last & 0x40))
		value |= UINT64_MAX << bits;
	return (int64_t)value;
}

// A length that begins a unit or table: what follows belongs to it. *RET_OFFSET_LEN is 4, or 8 in
// the 64-bit format.
static inline uint64_t dbg_length(struct dbg_cursor *cursor, uint8_t *ret_offset_len)
{
	uint64_t len = dbg_number(cursor, 4);

	*ret_offset_len = len == 0xffffffff ? 8 : 4;
	if (len == 0xffffffff)
		return dbg_number(cursor, 8);
	if (len >= 0xfffffff0)
		cursor->failed = true;
	return len;
}

// The string at the cursor, which is then behind it; NULL when nothing ends it.
static inline const char *dbg_string(struct dbg_cursor *cursor)
{
	const unsigned char *at = cursor->at;
	const unsigned char *end =
		cursor->failed || at == cursor->end ? NULL : memchr(at, '\0', dbg_left(cursor));

	if (!end) {
		cursor->failed = true;
		cursor->at = cursor->end;
		return NULL;
	}
	cursor->at = end + 1;
	return (const char *)at;
}
