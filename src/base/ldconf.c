// SPDX-License-Identifier: GPL-2.0-or-later
// Parser of ld.so.conf.
#include "ldconf.h"

#include <string.h>

static const char blanks[] = " \t\r\f\v";

// Takes the word of LEN bytes at TEXT, without the blanks at its end, if it is of KIND.
static enum ldconf_kind take(
	const char *text, size_t len, enum ldconf_kind kind, char word[static PATH_MAX])
{
	while (len > 0 && strchr(blanks, text[len - 1]))
		len--;
	if (len == 0 || len >= PATH_MAX || (kind == LDCONF_DIR && text[0] != '/'))
		return LDCONF_END;
	memcpy(word, text, len);
	word[len] = '\0';
	return kind;
}

enum ldconf_kind ldconf_next(const char **cursor, char word[static PATH_MAX])
{
	static const char include[] = "include";

	while (**cursor) {
		const char *line = *cursor + strspn(*cursor, blanks);
		size_t line_len = strcspn(line, "\n"), len = strcspn(line, "#\n");
		enum ldconf_kind kind = LDCONF_DIR;
		*cursor = line + line_len + (line[line_len] == '\n');
		if (len > sizeof(include) && memcmp(line, include, sizeof(include) - 1) == 0 &&
			strchr(blanks, line[sizeof(include) - 1])) {
			size_t skipped = sizeof(include) - 1;
			skipped += strspn(line + skipped, blanks);
			line += skipped;
			len -= skipped < len ? skipped : len;
			kind = LDCONF_INCLUDE;
		}
		if ((kind = take(line, len, kind, word)) != LDCONF_END)
			return kind;
	}
	return LDCONF_END;
}
