// SPDX-License-Identifier: GPL-2.0-or-later
// Parsers of groups, umask, seccomp mode and limits.
#include "proc_confined.h"

#include "number.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void skip_blanks(const char **cursor, const char *end)
{
	while (*cursor < end && (**cursor == ' ' || **cursor == '\t'))
		(*cursor)++;
}

static int parse_groups(const char *p, const char *end, struct proc_confined *confined)
{
	uint64_t group;

	free(confined->groups);
	confined->group_count = 0;
	// Each takes at least a digit and a blank.
	confined->groups = calloc((size_t)(end - p) / 2 + 1, sizeof(*confined->groups));
	if (!confined->groups)
		return -ENOMEM;
	for (skip_blanks(&p, end); p < end; skip_blanks(&p, end)) {
		if (number_scan(&p, end, 10, &group) < 0 || group > UINT32_MAX ||
			(p < end && *p != ' ') || confined->group_count == PROC_GROUPS_MAX)
			return -EINVAL;
		confined->groups[confined->group_count++] = (uint32_t)group;
	}
	return 0;
}

static int parse_umask(const char *p, const char *end, struct proc_confined *confined)
{
	int value = 0;

	if (p == end)
		return -EINVAL;
	for (; p < end; p++) {
		if (*p < '0' || *p > '7')
			return -EINVAL;
		value = value * 8 + (*p - '0');
		if (value > 0777)
			return -EINVAL;
	}
	confined->umask = value;
	return 0;
}

static int parse_number(const char *p, const char *end, unsigned *ret)
{
	uint64_t value;

	if (number_scan(&p, end, 10, &value) < 0 || p != end || value > UINT32_MAX)
		return -EINVAL;
	*ret = (unsigned)value;
	return 0;
}

static int parse_seccomp(const char *p, const char *end, struct proc_confined *confined)
{
	unsigned value;

	if (parse_number(p, end, &value) < 0 || value > PROC_SECCOMP_FILTER)
		return -EINVAL;
	confined->seccomp = (enum proc_seccomp)value;
	return 0;
}

static int parse_filter_count(const char *p, const char *end, struct proc_confined *confined)
{
	return parse_number(p, end, &confined->filter_count);
}

static const struct {
	const char *key;
	int (*parse)(const char *p, const char *end, struct proc_confined *confined);
} confined_fields[] = {
	{"Groups:", parse_groups},
	{"Umask:", parse_umask},
	{"Seccomp:", parse_seccomp},
	{"Seccomp_filters:", parse_filter_count},
};

static int parse_line(const char *line, const char *end, struct proc_confined *confined)
{
	for (size_t i = 0; i < sizeof(confined_fields) / sizeof(confined_fields[0]); i++) {
		const char *key = confined_fields[i].key;
		size_t key_len = strlen(key);
		if ((size_t)(end - line) < key_len || memcmp(line, key, key_len) != 0)
			continue;
		const char *value = line + key_len;
		skip_blanks(&value, end);
		return confined_fields[i].parse(value, end, confined);
	}
	return 0;
}

int proc_confined_parse(const char *text, size_t len, struct proc_confined *ret)
{
	struct proc_confined confined = {.umask = PROC_UMASK_UNKNOWN};
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		int r = parse_line(line, line_end, &confined);
		if (r < 0) {
			proc_confined_fini(&confined);
			return r;
		}
		line = line_end + 1;
	}
	*ret = confined;
	return 0;
}

void proc_confined_fini(struct proc_confined *confined)
{
	free(confined->groups);
	*confined = (struct proc_confined){0};
}

const struct proc_limit_kind proc_limit_kinds[PROC_LIMIT_COUNT] = {
	{RLIMIT_CPU, "RLIMIT_CPU", "Max cpu time"},
	{RLIMIT_FSIZE, "RLIMIT_FSIZE", "Max file size"},
	{RLIMIT_DATA, "RLIMIT_DATA", "Max data size"},
	{RLIMIT_STACK, "RLIMIT_STACK", "Max stack size"},
	{RLIMIT_CORE, "RLIMIT_CORE", "Max core file size"},
	{RLIMIT_RSS, "RLIMIT_RSS", "Max resident set"},
	{RLIMIT_NPROC, "RLIMIT_NPROC", "Max processes"},
	{RLIMIT_NOFILE, "RLIMIT_NOFILE", "Max open files"},
	{RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK", "Max locked memory"},
	{RLIMIT_AS, "RLIMIT_AS", "Max address space"},
	{RLIMIT_LOCKS, "RLIMIT_LOCKS", "Max file locks"},
	{RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING", "Max pending signals"},
	{RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE", "Max msgqueue size"},
	{RLIMIT_NICE, "RLIMIT_NICE", "Max nice priority"},
	{RLIMIT_RTPRIO, "RLIMIT_RTPRIO", "Max realtime priority"},
	{RLIMIT_RTTIME, "RLIMIT_RTTIME", "Max realtime timeout"},
};

static int scan_limit(const char **cursor, const char *end, rlim_t *ret)
{
	static const char unlimited[] = "unlimited";
	size_t len = sizeof(unlimited) - 1;
	uint64_t value;

	skip_blanks(cursor, end);
	if ((size_t)(end - *cursor) >= len && memcmp(*cursor, unlimited, len) == 0) {
		*cursor += len;
		value = RLIM_INFINITY;
	} else if (number_scan(cursor, end, 10, &value) < 0) {
		return -EINVAL;
	}
	*ret = value;
	return *cursor < end && **cursor == ' ' ? 0 : -EINVAL;
}

// The kind whose line [LINE, END) is, with *CURSOR behind its name, or NULL.
static const struct proc_limit_kind *find_kind(
	const char *line, const char *end, const char **cursor)
{
	for (int i = 0; i < PROC_LIMIT_COUNT; i++) {
		size_t len = strlen(proc_limit_kinds[i].text);
		if ((size_t)(end - line) > len &&
			memcmp(line, proc_limit_kinds[i].text, len) == 0 && line[len] == ' ') {
			*cursor = line + len;
			return &proc_limit_kinds[i];
		}
	}
	return NULL;
}

int proc_limits_parse(const char *text, size_t len, struct rlimit ret[PROC_LIMIT_COUNT])
{
	const char *end = text + len;
	unsigned seen = 0;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		const char *cursor;
		const struct proc_limit_kind *kind = find_kind(line, line_end, &cursor);
		if (kind) {
			struct rlimit *limit = &ret[kind->resource];
			if (scan_limit(&cursor, line_end, &limit->rlim_cur) < 0 ||
				scan_limit(&cursor, line_end, &limit->rlim_max) < 0)
				return -EINVAL;
			seen |= 1u << kind->resource;
		}
		line = line_end + 1;
	}
	return seen == (1u << PROC_LIMIT_COUNT) - 1 ? 0 : -EINVAL;
}
