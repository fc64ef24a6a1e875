// SPDX-License-Identifier: GPL-2.0-or-later
// Parser of /proc/PID/maps.
#include "proc_maps.h"

#include "number.h"

#include <errno.h>
#include <string.h>

static int expect(const char **cursor, const char *end, char c)
{
	if (*cursor == end || **cursor != c)
		return -EINVAL;
	(*cursor)++;
	return 0;
}

static int scan_hex_then(const char **cursor, const char *end, char c, uint64_t *ret)
{
	if (number_scan(cursor, end, 16, ret) < 0)
		return -EINVAL;
	return expect(cursor, end, c);
}

static int scan_permissions(const char **cursor, const char *end, struct proc_map *map)
{
	const char *p = *cursor;

	if (end - p < 5 || p[4] != ' ')
		return -EINVAL;
	map->readable = p[0] == 'r';
	map->writable = p[1] == 'w';
	map->executable = p[2] == 'x';
	*cursor += 5;
	return 0;
}

int proc_map_next(const char **cursor, const char *end, struct proc_map *ret)
{
	struct proc_map map;
	uint64_t major, minor;
	const char *p = *cursor;

	if (p == end)
		return 0;
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	const char *line_end = newline ? newline : end;

	if (scan_hex_then(&p, line_end, '-', &map.start) < 0 ||
		scan_hex_then(&p, line_end, ' ', &map.end) < 0 ||
		scan_permissions(&p, line_end, &map) < 0 ||
		scan_hex_then(&p, line_end, ' ', &map.offset) < 0 ||
		scan_hex_then(&p, line_end, ':', &major) < 0 ||
		scan_hex_then(&p, line_end, ' ', &minor) < 0 ||
		number_scan(&p, line_end, 10, &map.inode) < 0 || map.start >= map.end ||
		major > UINT32_MAX || minor > UINT32_MAX)
		return -EINVAL;
	while (p < line_end && *p == ' ')
		p++;
	map.dev_major = (uint32_t)major;
	map.dev_minor = (uint32_t)minor;
	map.path = p;
	map.path_len = (size_t)(line_end - p);
	*ret = map;
	*cursor = newline ? newline + 1 : end;
	return 1;
}

bool proc_map_is_vdso(const struct proc_map *map)
{
	return map->path_len == 6 && memcmp(map->path, "[vdso]", 6) == 0;
}

bool proc_map_is_code(const struct proc_map *map)
{
	return map->executable && (map->inode != 0 || proc_map_is_vdso(map));
}
