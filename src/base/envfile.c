// SPDX-License-Identifier: GPL-2.0-or-later
// Files of variables.
#include "envfile.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static int refuse(struct envfile *file, const char *why)
{
	file->why = why;
	return -EINVAL;
}

// Parses the line from P to END, which holds something.
static int parse_line(
	struct envfile *file, const char *p, const char *end, struct envfile_entry *ret)
{
	const char *equals = memchr(p, '=', (size_t)(end - p));
	const char *name_end = equals ? equals : end;

	if (memchr(p, '\0', (size_t)(end - p)))
		return refuse(file, "it holds a NUL byte");
	if (name_end == p)
		return refuse(file, "there is no name before the `='");
	for (const char *c = p; c < name_end; c++)
		if (is_blank(*c))
			return refuse(file, "there is a blank in the name");
	*ret = (struct envfile_entry){
		.name = p, .name_len = (size_t)(name_end - p), .line = file->line};
	if (equals) {
		ret->value = equals + 1;
		ret->value_len = (size_t)(end - ret->value);
	}
	return 1;
}

void envfile_init(const char *text, size_t len, struct envfile *ret)
{
	static const char bom[] = "\xef\xbb\xbf";
	size_t skip = len >= 3 && memcmp(text, bom, 3) == 0 ? 3 : 0;

	*ret = (struct envfile){.cursor = text + skip, .end = text + len};
}

int envfile_next(struct envfile *file, struct envfile_entry *ret)
{
	while (file->cursor < file->end) {
		const char *p = file->cursor;
		const char *newline = memchr(p, '\n', (size_t)(file->end - p));
		const char *end = newline ? newline : file->end;
		file->cursor = newline ? newline + 1 : file->end;
		file->line++;
		if (end > p && end[-1] == '\r')
			end--; // the line's end as other systems write it
		while (p < end && is_blank(*p))
			p++;
		if (p < end && *p != '#')
			return parse_line(file, p, end, ret);
	}
	return 0;
}
