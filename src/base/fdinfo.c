// SPDX-License-Identifier: GPL-2.0-or-later
// The parser of fdinfo.
#include "fdinfo.h"

#include "number.h"

#include <string.h>

static void skip_blanks(const char **cursor, const char *end)
{
	while (*cursor < end && (**cursor == ' ' || **cursor == '\t'))
		(*cursor)++;
}

// The line at *CURSOR, whose end goes to *RET_END; *CURSOR moves behind it.
static const char *next_line(const char **cursor, const char *end, const char **ret_end)
{
	const char *line = *cursor;
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	*ret_end = newline ? newline : end;
	*cursor = newline ? newline + 1 : end;
	return line;
}

// True when the text from *CURSOR on begins with WORD; *CURSOR then moves past it and blanks.
static bool take_word(const char **cursor, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - *cursor) < len || memcmp(*cursor, word, len) != 0)
		return false;
	*cursor += len;
	skip_blanks(cursor, end);
	return true;
}

static uint64_t scan(const char *cursor, const char *end, unsigned base)
{
	uint64_t value = 0;

	return number_scan(&cursor, end, base, &value) < 0 ? 0 : value;
}

// Octal digits, which number_scan() has no base for.
static uint64_t scan_octal(const char *cursor, const char *end)
{
	uint64_t value = 0;

	for (; cursor < end && *cursor >= '0' && *cursor <= '7'; cursor++)
		value = value << 3 | (uint64_t)(*cursor - '0');
	return value;
}

static int64_t scan_signed(const char *cursor, const char *end)
{
	bool negative = cursor < end && *cursor == '-';
	uint64_t value = scan(cursor + negative, end, 10);

	if (value > INT32_MAX)
		return -1;
	return negative ? -(int64_t)value : (int64_t)value;
}

// "(SECONDS, NANOSECONDS)", in nanoseconds.
static uint64_t scan_time(const char *cursor, const char *end)
{
	static const uint64_t per_second = 1000000000;
	uint64_t seconds, ns;

	if (!take_word(&cursor, end, "(") || number_scan(&cursor, end, 10, &seconds) < 0 ||
		!take_word(&cursor, end, ",") || number_scan(&cursor, end, 10, &ns) < 0 ||
		ns >= per_second)
		return 0;
	return seconds > INT64_MAX / per_second ? INT64_MAX : seconds * per_second + ns;
}

// The last of the numbers of a line.
static int64_t last_number(const char *cursor, const char *end)
{
	int64_t last = 0;

	while (cursor < end) {
		const char *word = cursor;
		while (cursor < end && *cursor != ' ' && *cursor != '\t')
			cursor++;
		last = scan_signed(word, cursor);
		skip_blanks(&cursor, end);
	}
	return last;
}

static void parse_line(const char *line, const char *end, struct fdinfo *info)
{
	if (take_word(&line, end, "flags:")) {
		info->flags = scan_octal(line, end);
	} else if (take_word(&line, end, "ino:")) {
		info->inode = scan(line, end, 10);
	} else if (take_word(&line, end, "eventfd-count:")) {
		info->has_eventfd = true;
		info->eventfd_count = scan(line, end, 16);
	} else if (take_word(&line, end, "sigmask:")) {
		info->has_sigmask = true;
		info->sigmask = scan(line, end, 16);
	} else if (take_word(&line, end, "clockid:")) {
		info->has_timer = true;
		info->timer_clock = scan(line, end, 10);
	} else if (take_word(&line, end, "ticks:")) {
		info->timer_ticks = scan(line, end, 10);
	} else if (take_word(&line, end, "it_value:")) {
		info->timer_ns = scan_time(line, end);
	} else if (take_word(&line, end, "it_interval:")) {
		info->interval_ns = scan_time(line, end);
	} else if (take_word(&line, end, "Pid:")) {
		info->has_pid = true;
		info->pid = scan_signed(line, end);
	} else if (take_word(&line, end, "NSpid:")) {
		info->ns_pid = last_number(line, end);
	} else if (take_word(&line, end, "inotify wd:")) {
		info->inotify_watches++;
	}
}

struct fdinfo fdinfo_parse(const char *text, size_t len)
{
	struct fdinfo info = {0};
	const char *cursor = text, *end = text + len, *line_end;

	while (cursor < end) {
		const char *line = next_line(&cursor, end, &line_end);
		parse_line(line, line_end, &info);
	}
	return info;
}

// The number behind NAME in a line, or 0.
static uint64_t named(const char *line, const char *end, const char *name)
{
	const char *found = memmem(line, (size_t)(end - line), name, strlen(name));

	if (!found)
		return 0;
	found += strlen(name);
	skip_blanks(&found, end);
	return scan(found, end, 16);
}

bool fdinfo_watch_next(const char **cursor, const char *end, struct fdinfo_watch *ret)
{
	const char *line_end;

	while (*cursor < end) {
		const char *line = next_line(cursor, end, &line_end);
		if (!take_word(&line, line_end, "tfd:"))
			continue;
		uint64_t fd = 0;
		if (number_scan(&line, line_end, 10, &fd) < 0 || fd > INT32_MAX)
			continue;
		*ret = (struct fdinfo_watch){.fd = (uint32_t)fd,
			.events = (uint32_t)named(line, line_end, " events:"),
			.inode = named(line, line_end, " ino:")};
		return true;
	}
	return false;
}
