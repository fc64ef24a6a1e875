// SPDX-License-Identifier: GPL-2.0-or-later
// Parser of passwd lines.
#include "passwd.h"

#include "number.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	FIELD_NAME,
	FIELD_PASSWORD,
	FIELD_UID,
	FIELD_GID,
	FIELD_GECOS,
	FIELD_HOME,
	FIELD_SHELL,
	FIELD_COUNT
};

static bool scan_id(const char *p, size_t len, uint32_t *ret)
{
	const char *end = p + len;
	uint64_t value;

	if (number_scan(&p, end, 10, &value) < 0 || p != end || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool parse_line(const char *line, const char *end, struct passwd_row *ret)
{
	const char *field[FIELD_COUNT];
	size_t len[FIELD_COUNT];

	for (int i = 0; i < FIELD_COUNT; i++) {
		const char *colon = memchr(line, ':', (size_t)(end - line));
		bool last = i == FIELD_COUNT - 1;
		if (last != !colon)
			return false;
		field[i] = line;
		len[i] = (size_t)((colon ? colon : end) - line);
		line = colon ? colon + 1 : end;
	}
	if (len[FIELD_NAME] == 0 ||
		memchr(field[FIELD_NAME], '\0', (size_t)(end - field[FIELD_NAME])))
		return false;
	ret->name = field[FIELD_NAME];
	ret->name_len = len[FIELD_NAME];
	ret->home = field[FIELD_HOME];
	ret->home_len = len[FIELD_HOME];
	ret->shell = field[FIELD_SHELL];
	ret->shell_len = len[FIELD_SHELL];
	return scan_id(field[FIELD_UID], len[FIELD_UID], &ret->uid) &&
	       scan_id(field[FIELD_GID], len[FIELD_GID], &ret->gid);
}

int passwd_find_uid(const char *text, size_t len, uint32_t uid, struct passwd_row *ret)
{
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		struct passwd_row row;
		if (parse_line(line, line_end, &row) && row.uid == uid) {
			*ret = row;
			return 0;
		}
		line = line_end + 1;
	}
	return -ENOENT;
}
