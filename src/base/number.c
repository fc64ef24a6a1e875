// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers out of text.
#include "number.h"

#include <errno.h>
#include <string.h>

// The value of digit C in BASE, or -1.
static int digit_value(char c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (base == 16 && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (base == 16 && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int number_scan(const char **cursor, const char *end, unsigned base, uint64_t *ret)
{
	uint64_t value = 0;
	const char *p = *cursor;

	for (; p < end; p++) {
		int digit = digit_value(*p, base);
		if (digit < 0)
			break;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
			__builtin_add_overflow(value, (uint64_t)digit, &value))
			return -ERANGE;
	}
	if (p == *cursor)
		return -EINVAL;
	*cursor = p;
	*ret = value;
	return 0;
}

int number_parse_u64(const char *word, uint64_t *ret)
{
	const char *end = word + strlen(word);
	const char *cursor = word;
	uint64_t value;
	int r = number_scan(&cursor, end, 10, &value);

	if (r < 0)
		return r;
	if (cursor != end)
		return -EINVAL;
	*ret = value;
	return 0;
}

int number_parse_pid(const char *word, pid_t *ret)
{
	uint64_t value;
	int r = number_parse_u64(word, &value);

	if (r < 0)
		return r;
	if (value == 0 || value > INT32_MAX)
		return -ERANGE;
	*ret = (pid_t)value;
	return 0;
}

int number_parse_seconds(const char *word, uint64_t *ret)
{
	enum { PER_SECOND = 1000000 };
	const uint64_t longest = UINT64_C(86400) * 1000000;
	const char *end = word + strlen(word), *cursor = word;
	uint64_t seconds = 0, fraction = 0;

	int r = *word == '.' ? 0 : number_scan(&cursor, end, 10, &seconds);
	if (r < 0)
		return r;
	if (*cursor == '.') {
		const char *digits = ++cursor;
		for (uint64_t unit = PER_SECOND / 10; *cursor >= '0' && *cursor <= '9'; unit /= 10)
			fraction += unit * (uint64_t)(*cursor++ - '0');
		if (cursor == digits)
			return -EINVAL;
	}
	if (cursor != end)
		return -EINVAL;
	if (seconds > longest || seconds + fraction == 0)
		return -ERANGE;
	*ret = seconds * PER_SECOND + fraction;
	return 0;
}

int number_parse_id(const char *text, size_t len, uint32_t *ret)
{
	const char *cursor = text;
	uint64_t value;
	int r = number_scan(&cursor, text + len, 10, &value);

	if (r < 0)
		return r;
	if (cursor != text + len)
		return -EINVAL;
	if (value >= UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}
