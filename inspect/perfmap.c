// SPDX-License-Identifier: GPL-2.0-or-later
// Reading perf maps.
#include "perfmap.h"

#include "number.h"

#include <string.h>

// Scans a number, which may begin with 0x, and the space behind it.
static bool scan(const char **cursor, const char *end, uint64_t *ret)
{
	if (end - *cursor > 2 && (*cursor)[0] == '0' && (*cursor)[1] == 'x')
		*cursor += 2;
	if (number_scan(cursor, end, 16, ret) < 0 || *cursor == end || **cursor != ' ')
		return false;
	while (*cursor < end && **cursor == ' ')
		(*cursor)++;
	return true;
}

void perfmap_read(struct jitnames *names, const char *text, size_t len)
{
	const char *end = text + len, *newline;
	uint64_t start, size;

	for (const char *line = text; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			return;
		const char *cursor = line;
		if (scan(&cursor, newline, &start) && scan(&cursor, newline, &size) &&
			cursor < newline)
			jitnames_add(names, start, size, cursor, (size_t)(newline - cursor));
	}
}
