// SPDX-License-Identifier: GPL-2.0-or-later
// Parser of passwd lines.
#include "passwd.h"

#include "number.h"

#include <errno.h>

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

bool passwd_next(const char **cursor, const char *end, struct passwd_row *ret)
{
	struct colon_field fields[FIELD_COUNT];

	while (colonline_next(cursor, end, FIELD_COUNT, fields)) {
		const struct colon_field *uid = &fields[FIELD_UID], *gid = &fields[FIELD_GID];
		if (number_parse_id(uid->text, uid->len, &ret->uid) < 0 ||
			number_parse_id(gid->text, gid->len, &ret->gid) < 0)
			continue;
		ret->name = fields[FIELD_NAME];
		ret->home = fields[FIELD_HOME];
		ret->shell = fields[FIELD_SHELL];
		return true;
	}
	return false;
}

int passwd_find_uid(const char *text, size_t len, uint32_t uid, struct passwd_row *ret)
{
	struct passwd_row row;

	for (const char *cursor = text; passwd_next(&cursor, text + len, &row);)
		if (row.uid == uid) {
			*ret = row;
			return 0;
		}
	return -ENOENT;
}

int passwd_find_name(const char *text, size_t len, const char *name, struct passwd_row *ret)
{
	struct passwd_row row;

	for (const char *cursor = text; passwd_next(&cursor, text + len, &row);)
		if (colon_field_is(&row.name, name)) {
			*ret = row;
			return 0;
		}
	return -ENOENT;
}
