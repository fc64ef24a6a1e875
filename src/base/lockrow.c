// SPDX-License-Identifier: GPL-2.0-or-later
// The parser of /proc/locks. Source: fs/locks.c, lock_get_status.
#include "lockrow.h"

#include "number.h"

#include <string.h>

struct word {
	const char *text;
	size_t len;
};

static bool take_word(const char **cursor, const char *end, struct word *ret)
{
	while (*cursor < end && **cursor == ' ')
		(*cursor)++;
	ret->text = *cursor;
	while (*cursor < end && **cursor != ' ')
		(*cursor)++;
	ret->len = (size_t)(*cursor - ret->text);
	return ret->len > 0;
}

static bool is_word(const struct word *word, const char *text)
{
	return word->len == strlen(text) && memcmp(word->text, text, word->len) == 0;
}

static enum lockrow_kind kind_of(const struct word *word)
{
	if (is_word(word, "FLOCK"))
		return LOCKROW_FLOCK;
	if (is_word(word, "POSIX"))
		return LOCKROW_POSIX;
	return is_word(word, "OFDLCK") ? LOCKROW_OFD : LOCKROW_OTHER;
}

// "MAJOR:MINOR:INODE"
static bool inode_of(const struct word *word, uint64_t *ret)
{
	const char *colon = memrchr(word->text, ':', word->len), *end = word->text + word->len;

	return colon && ++colon < end && number_scan(&colon, end, 10, ret) == 0 && colon == end;
}

static bool pid_of(const struct word *word, int64_t *ret)
{
	const char *cursor = word->text, *end = word->text + word->len;
	bool negative = word->len > 1 && *cursor == '-';
	uint64_t value;

	cursor += negative;
	if (number_scan(&cursor, end, 10, &value) < 0 || cursor != end || value > INT32_MAX)
		return false;
	*ret = negative ? -1 : (int64_t)value;
	return true;
}

static bool parse(const char *line, const char *end, struct lockrow *ret)
{
	struct lockrow row = {0};
	struct word kind, mode, access, pid, file;

	if (number_scan(&line, end, 10, &row.id) < 0 || line == end || *line++ != ':' ||
		!take_word(&line, end, &kind))
		return false;
	row.waiting = is_word(&kind, "->");
	if ((row.waiting && !take_word(&line, end, &kind)) || !take_word(&line, end, &mode) ||
		!take_word(&line, end, &access) || !take_word(&line, end, &pid) ||
		!take_word(&line, end, &file) || !pid_of(&pid, &row.pid) ||
		!inode_of(&file, &row.inode))
		return false;
	row.kind = kind_of(&kind);
	row.write = !is_word(&access, "READ");
	*ret = row;
	return true;
}

bool lockrow_next(const char **cursor, const char *end, struct lockrow *ret)
{
	while (*cursor < end) {
		const char *line = *cursor;
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		*cursor = newline ? newline + 1 : end;
		if (parse(line, newline ? newline : end, ret))
			return true;
	}
	return false;
}
