// SPDX-License-Identifier: GPL-2.0-or-later
// Parsers of limits and pressure.
#include "cgroup_limit.h"

#include "number.h"

#include <errno.h>
#include <string.h>

// Memory without a limit is as many bytes in v1 as fit into a signed number, rounded down to the
// page, of 64 KiB at most.
#define V1_UNLIMITED (INT64_MAX - 0xffffu)

// Moves *CURSOR behind WORD if that stands there.
static bool skip_word(const char **cursor, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - *cursor) < len || memcmp(*cursor, word, len) != 0)
		return false;
	*cursor += len;
	return true;
}

// Reads a limit at *CURSOR.
static int scan_limit(const char **cursor, const char *end, uint64_t *ret)
{
	uint64_t value = CGROUP_UNLIMITED;

	if (!skip_word(cursor, end, "max") && !skip_word(cursor, end, "-1") &&
		number_scan(cursor, end, 10, &value) < 0)
		return -EINVAL;
	*ret = value >= V1_UNLIMITED ? CGROUP_UNLIMITED : value;
	return 0;
}

static bool is_end(const char *cursor, const char *end)
{
	return cursor == end || (cursor + 1 == end && *cursor == '\n');
}

int cgroup_limit_parse(const char *text, size_t len, uint64_t *ret)
{
	const char *cursor = text, *end = text + len;
	uint64_t value;

	if (scan_limit(&cursor, end, &value) < 0 || !is_end(cursor, end))
		return -EINVAL;
	*ret = value;
	return 0;
}

int cgroup_quota_parse(const char *text, size_t len, struct cgroup_quota *ret)
{
	const char *cursor = text, *end = text + len;
	struct cgroup_quota quota;

	if (scan_limit(&cursor, end, &quota.quota_us) < 0 || !skip_word(&cursor, end, " ") ||
		number_scan(&cursor, end, 10, &quota.period_us) < 0 || quota.period_us == 0 ||
		!is_end(cursor, end))
		return -EINVAL;
	*ret = quota;
	return 0;
}

// Reads a percentage with two decimals, as hundredths.
static int scan_percent(const char **cursor, const char *end, uint32_t *ret)
{
	uint64_t whole, part;

	if (number_scan(cursor, end, 10, &whole) < 0 || whole > 100 || !skip_word(cursor, end, "."))
		return -EINVAL;
	const char *start = *cursor;
	if (number_scan(cursor, end, 10, &part) < 0 || *cursor - start != 2)
		return -EINVAL;
	*ret = (uint32_t)(whole * 100 + part);
	return 0;
}

static int scan_stall(const char **cursor, const char *end, struct cgroup_stall *ret)
{
	struct cgroup_stall stall = {.is_known = true};

	if (!skip_word(cursor, end, " avg10=") || scan_percent(cursor, end, &stall.avg10) < 0 ||
		!skip_word(cursor, end, " avg60=") || scan_percent(cursor, end, &stall.avg60) < 0 ||
		!skip_word(cursor, end, " avg300=") ||
		scan_percent(cursor, end, &stall.avg300) < 0 ||
		!skip_word(cursor, end, " total=") ||
		number_scan(cursor, end, 10, &stall.total_us) < 0 || *cursor != end)
		return -EINVAL;
	*ret = stall;
	return 0;
}

int cgroup_pressure_parse(const char *text, size_t len, struct cgroup_pressure *ret)
{
	struct cgroup_pressure pressure = {0};
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		struct cgroup_stall *stall = skip_word(&line, line_end, "some")   ? &pressure.some
					     : skip_word(&line, line_end, "full") ? &pressure.full
										  : NULL;
		if (stall && scan_stall(&line, line_end, stall) < 0)
			return -EINVAL;
		line = newline ? newline + 1 : end;
	}
	if (!pressure.some.is_known)
		return -EINVAL;
	*ret = pressure;
	return 0;
}
