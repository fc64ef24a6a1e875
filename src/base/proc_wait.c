// SPDX-License-Identifier: GPL-2.0-or-later
// Parsers of stat, stack and links.
#include "proc_wait.h"

#include "number.h"

#include <errno.h>
#include <string.h>

int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret)
{
	enum { FIRST = 3, USER = 14, SYSTEM = 15, CPU = 39 }; // fields, the first behind the name
	const char *cursor = memrchr(text, ')', len), *end = text + len;
	struct proc_stat stat = {0};
	uint64_t value = 0;

	if (!cursor)
		return -EINVAL;
	cursor++;
	if (end - cursor > 1)
		stat.state = cursor[1];
	for (int field = FIRST; field <= CPU; field++) {
		if (cursor == end || *cursor++ != ' ')
			return -EINVAL;
		const char *word = cursor;
		while (cursor < end && *cursor != ' ')
			cursor++;
		bool wanted = field == USER || field == SYSTEM || field == CPU;
		if (wanted && (number_scan(&word, cursor, 10, &value) < 0 || word != cursor))
			return -EINVAL;
		if (field == USER)
			stat.user_ticks = value;
		if (field == SYSTEM)
			stat.system_ticks = value;
	}
	if (value >= UINT32_MAX)
		return -EINVAL;
	stat.cpu = (uint32_t)value;
	*ret = stat;
	return 0;
}

// The value behind NAME in the lines of [TEXT, END) "NAME   :   VALUE", or NULL.
static const char *sched_value(const char *text, const char *end, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = memchr(line, '\n', (size_t)(end - line))) {
		line += *line == '\n';
		if ((size_t)(end - line) <= len || memcmp(line, name, len) != 0)
			continue;
		const char *at = line + len;
		while (at < end && *at == ' ')
			at++;
		if (at == end || *at++ != ':')
			continue;
		while (at < end && *at == ' ')
			at++;
		return at;
	}
	return NULL;
}

int proc_sched_parse(const char *text, size_t len, struct proc_sched *ret)
{
	// Longer than a name can be.
	static const char rule[] = "\n----------------------------------------\n";
	enum { DASHES = 32, DECIMALS = 6 };
	const char *end = text + len, *rows = memmem(text, len, rule, 1 + DASHES);
	uint64_t ms, ns, count, migrated = 0;

	const char *ran = rows ? sched_value(rows, end, "se.exec_start") : NULL;
	const char *switches = rows ? sched_value(rows, end, "nr_switches") : NULL;
	const char *migrations = rows ? sched_value(rows, end, "se.nr_migrations") : NULL;
	if (!ran || !switches || number_scan(&ran, end, 10, &ms) < 0 || ran == end || *ran++ != '.')
		return -EINVAL;
	const char *decimals = ran;
	if (number_scan(&ran, end, 10, &ns) < 0 || ran - decimals != DECIMALS ||
		ms > (UINT64_MAX - ns) / 1000000)
		return -EINVAL;
	if (number_scan(&switches, end, 10, &count) < 0 ||
		(migrations && number_scan(&migrations, end, 10, &migrated) < 0))
		return -EINVAL;
	*ret = (struct proc_sched){ms * 1000000 + ns, count, migrated};
	return 0;
}

int proc_schedstat_parse(const char *text, size_t len, uint64_t *ret_arrivals)
{
	const char *cursor = text, *end = text + len;
	uint64_t values[3];

	for (int i = 0; i < 3; i++) {
		if (i > 0 && (cursor == end || *cursor++ != ' '))
			return -EINVAL;
		if (number_scan(&cursor, end, 10, &values[i]) < 0)
			return -EINVAL;
	}
	if (cursor == end || *cursor != '\n')
		return -EINVAL;
	*ret_arrivals = values[2];
	return 0;
}

bool proc_stack_next(const char **cursor, const char *end, const char **ret, size_t *ret_len)
{
	while (*cursor < end) {
		const char *line = *cursor;
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		*cursor = newline ? newline + 1 : end;
		// "[<0>] function+0x1f/0x30 [module]"
		const char *bracket = memchr(line, ']', (size_t)(line_end - line));
		if (!bracket || line_end - bracket < 3 || bracket[1] != ' ')
			continue;
		const char *name = bracket + 2, *stop = name;
		while (stop < line_end && *stop != '/' && *stop != ' ')
			stop++;
		if (stop == name)
			continue;
		*ret = name;
		*ret_len = (size_t)(stop - name);
		return true;
	}
	return false;
}

uint64_t proc_link_inode(const char *link, const char *kind)
{
	size_t len = strlen(kind);
	uint64_t inode;

	if (strncmp(link, kind, len) != 0 || strncmp(link + len, ":[", 2) != 0)
		return 0;
	const char *cursor = link + len + 2, *end = link + strlen(link);
	if (number_scan(&cursor, end, 10, &inode) < 0 || strcmp(cursor, "]") != 0)
		return 0;
	return inode;
}

const char *proc_path_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (len < 2 || root[0] != '/' || strncmp(path, root, len) != 0)
		return path;
	if (path[len] == '/')
		return path + len;
	return path[len] == '\0' ? "/" : path;
}
