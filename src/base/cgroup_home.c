// SPDX-License-Identifier: GPL-2.0-or-later
// Choosing among the rows of /proc/PID/cgroup.
#include "cgroup_home.h"

#include <errno.h>
#include <string.h>

// How well the cgroup of ROW tells who belongs together: 0, not at all.
static size_t rank(const struct cgroup_row *row)
{
	static const char systemd[] = "name=systemd";
	size_t depth = 0;

	if (row->path_len <= 1)
		return 0; // the root: everybody's
	if (row->name_len == sizeof(systemd) - 1 && memcmp(row->name, systemd, row->name_len) == 0)
		return SIZE_MAX;
	if (row->name_len == 0)
		return 1;
	for (size_t i = 0; i < row->path_len; i++)
		depth += row->path[i] == '/';
	return 1 + depth;
}

int cgroup_home(const char *text, size_t len, struct cgroup_row *ret)
{
	const char *cursor = text, *end = text + len;
	struct cgroup_row row;
	size_t best = 0;
	int r;

	while ((r = cgroup_row_next(&cursor, end, &row)) > 0) {
		if (rank(&row) <= best)
			continue;
		best = rank(&row);
		*ret = row;
	}
	return r < 0 ? r : best == 0 ? -ENOENT : 0;
}

bool cgroup_is_below(const struct cgroup_row *home, const struct cgroup_row *row)
{
	return row->path_len >= home->path_len &&
	       memcmp(row->path, home->path, home->path_len) == 0 &&
	       (row->path_len == home->path_len || row->path[home->path_len] == '/');
}

bool cgroup_is_home_of(const struct cgroup_row *home, const char *text, size_t len)
{
	struct cgroup_row row;

	return cgroup_find(text, len, home->name, home->name_len, &row) == 0 &&
	       cgroup_is_below(home, &row);
}
