// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of fields.
#include "colonline.h"

#include <string.h>

static bool parse_line(const char *line, size_t len, size_t count, struct colon_field *fields)
{
	const char *end = line + len;

	if (len == 0 || strchr("#+-: \t", line[0]) || memchr(line, '\0', len))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *colon = memchr(line, ':', (size_t)(end - line));
		bool is_last = i == count - 1;
		if (is_last != !colon)
			return false;
		fields[i].text = line;
		fields[i].len = (size_t)((colon ? colon : end) - line);
		line = colon ? colon + 1 : end;
	}
	return true;
}

bool colonline_next(
	const char **cursor, const char *end, size_t count, struct colon_field *ret_fields)
{
	while (*cursor < end) {
		const char *line = *cursor;
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline ? newline : end) - line);
		*cursor = newline ? newline + 1 : end;
		if (parse_line(line, len, count, ret_fields))
			return true;
	}
	return false;
}

bool colon_field_is(const struct colon_field *field, const char *word)
{
	return strlen(word) == field->len && memcmp(word, field->text, field->len) == 0;
}
