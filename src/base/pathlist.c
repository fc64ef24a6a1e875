// SPDX-License-Identifier: GPL-2.0-or-later
// Lists of directories.
#include "pathlist.h"

#include <stdio.h>
#include <string.h>

bool pathlist_next(const char **cursor, char dir[static PATH_MAX])
{
	while (*cursor) {
		const char *start = *cursor;
		size_t len = strcspn(start, ":");
		*cursor = start[len] ? start + len + 1 : NULL;
		if (start[0] != '/' || len >= PATH_MAX)
			continue;
		memcpy(dir, start, len);
		dir[len] = '\0';
		return true;
	}
	return false;
}

// True when DIR is one of PLACES, which ", " separates.
static bool is_listed(const char *places, const char *dir)
{
	size_t len = strlen(dir);

	for (const char *at = places; (at = strstr(at, dir)); at += len)
		if ((at == places || at[-1] == ' ') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

void pathlist_describe(const char *list, char *buffer, size_t size)
{
	char dir[PATH_MAX];
	size_t len = 0;

	buffer[0] = '\0';
	while (pathlist_next(&list, dir)) {
		if (is_listed(buffer, dir))
			continue;
		size_t room = size - len;
		int n = snprintf(buffer + len, room, "%s%s", len ? ", " : "", dir);
		if (n < 0 || (size_t)n >= room) {
			snprintf(buffer + size - 4, 4, "...");
			return;
		}
		len += (size_t)n;
	}
}
