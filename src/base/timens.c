// SPDX-License-Identifier: GPL-2.0-or-later
// Parser of the offsets of a time namespace.
#include "timens.h"

#include "number.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { NANOSECONDS = 1000000000 };

static void skip_blanks(const char **cursor, const char *end)
{
	while (*cursor < end && (**cursor == ' ' || **cursor == '\t'))
		(*cursor)++;
}

static int scan_offset(const char **cursor, const char *end, struct timens_offset *ret)
{
	uint64_t seconds, nanoseconds;

	skip_blanks(cursor, end);
	bool is_negative = *cursor < end && **cursor == '-';
	*cursor += is_negative;
	if (number_scan(cursor, end, 10, &seconds) < 0 || seconds > INT64_MAX)
		return -EINVAL;
	skip_blanks(cursor, end);
	if (number_scan(cursor, end, 10, &nanoseconds) < 0 || nanoseconds >= NANOSECONDS ||
		*cursor != end)
		return -EINVAL;
	ret->seconds = is_negative ? -(int64_t)seconds : (int64_t)seconds;
	ret->nanoseconds = (uint32_t)nanoseconds;
	return 0;
}

// The clock whose name begins LINE, and moves *LINE behind it. Linux 5.5 has numbers for names.
static struct timens_offset *clock_of(
	const char **line, const char *end, struct timens_offsets *offsets)
{
	static const char *const names[][2] = {{"monotonic", "1"}, {"boottime", "7"}};
	struct timens_offset *const clocks[] = {&offsets->monotonic, &offsets->boottime};
	const char *word = *line;

	skip_blanks(&word, end);
	const char *word_end = word;
	while (word_end < end && *word_end != ' ')
		word_end++;
	*line = word_end;
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 2; k++)
			if (strlen(names[i][k]) == (size_t)(word_end - word) &&
				memcmp(names[i][k], word, (size_t)(word_end - word)) == 0)
				return clocks[i];
	return NULL;
}

int timens_parse(const char *text, size_t len, struct timens_offsets *ret)
{
	struct timens_offsets offsets = {0};
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		struct timens_offset *clock = clock_of(&line, line_end, &offsets);
		if (!clock || scan_offset(&line, line_end, clock) < 0)
			return -EINVAL;
		line = newline ? newline + 1 : end;
	}
	*ret = offsets;
	return 0;
}
