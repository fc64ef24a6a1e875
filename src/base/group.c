// SPDX-License-Identifier: GPL-2.0-or-later
// Parser of group lines.
#include "group.h"

#include "number.h"

#include <errno.h>
#include <string.h>

enum { FIELD_NAME, FIELD_PASSWORD, FIELD_GID, FIELD_MEMBERS, FIELD_COUNT };

struct row {
	struct colon_field name, members;
	uint32_t gid;
};

static bool next_row(const char **cursor, const char *end, struct row *ret)
{
	struct colon_field fields[FIELD_COUNT];

	while (colonline_next(cursor, end, FIELD_COUNT, fields)) {
		if (number_parse_id(fields[FIELD_GID].text, fields[FIELD_GID].len, &ret->gid) < 0)
			continue;
		ret->name = fields[FIELD_NAME];
		ret->members = fields[FIELD_MEMBERS];
		return true;
	}
	return false;
}

int group_find_name(const char *text, size_t len, const char *name, uint32_t *ret)
{
	struct row row;

	for (const char *cursor = text; next_row(&cursor, text + len, &row);)
		if (colon_field_is(&row.name, name)) {
			*ret = row.gid;
			return 0;
		}
	return -ENOENT;
}

// True when USER is one of MEMBERS, which commas separate.
static bool is_member(const struct colon_field *members, const char *user)
{
	const char *end = members->text + members->len;

	for (const char *word = members->text;;) {
		const char *comma = memchr(word, ',', (size_t)(end - word));
		struct colon_field member = {word, (size_t)((comma ? comma : end) - word)};
		if (member.len > 0 && colon_field_is(&member, user))
			return true;
		if (!comma)
			return false;
		word = comma + 1;
	}
}

int group_add_memberships(const char *text, size_t len, const char *user, struct idlist *list)
{
	struct row row;

	for (const char *cursor = text; next_row(&cursor, text + len, &row);) {
		int r = is_member(&row.members, user) ? idlist_add(list, row.gid) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}
