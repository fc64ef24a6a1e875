// SPDX-License-Identifier: GPL-2.0-or-later
#include "number.h"
#include "unit.h"

struct word {
	const char *text;
	int result;
	uint64_t value;
};

static const uint64_t untouched = 0xabad1dea;

Test(number, u64)
{
	static const struct word words[] = {
		{"0", 0, 0},
		{"00000000000000000000000000000007", 0, 7},
		{"4711", 0, 4711},
		{"4294967297", 0, 4294967297},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1\n", -EINVAL, 0},
		{"\t1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"-0", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1a", -EINVAL, 0},
		{"a", -EINVAL, 0},
		{"1.0", -EINVAL, 0},
		{"1,0", -EINVAL, 0},
		{"\xc2\xb2", -EINVAL, 0},
		{"1\xff", -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint64_t value = untouched;
		int r = number_parse_u64(words[i].text, &value);
		cr_assert(r == words[i].result, "\"%s\" gives %d", words[i].text, r);
		check_u64(value, r < 0 ? untouched : words[i].value);
	}
}

Test(number, pid)
{
	static const struct word words[] = {
		{"1", 0, 1},
		{"2147483647", 0, INT32_MAX},
		{"2147483648", -ERANGE, 0},
		{"4294967296", -ERANGE, 0},
		{"4294967297", -ERANGE, 0}, // 1, if it were cut to 32 bits
		{"18446744073709551617", -ERANGE, 0},
		{"0", -ERANGE, 0},
		{"000", -ERANGE, 0},
		{"-1", -EINVAL, 0},
		{"abc", -EINVAL, 0},
		{"12abc", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		pid_t value = 123;
		int r = number_parse_pid(words[i].text, &value);
		cr_assert(r == words[i].result, "\"%s\" gives %d", words[i].text, r);
		check_int(value, r < 0 ? 123 : (pid_t)words[i].value);
	}
}

// Scans TEXT in BASE; checks the result, and how far the cursor moved.
static void check_scan(
	const char *text, unsigned base, int expected, uint64_t value, ptrdiff_t moved)
{
	const char *cursor = text;
	uint64_t scanned = untouched;
	int r = number_scan(&cursor, text + strlen(text), base, &scanned);

	cr_assert(r == expected, "\"%s\" in base %u gives %d", text, base, r);
	check_u64(scanned, expected < 0 ? untouched : value);
	check_int(cursor - text, moved);
}

Test(number, scan)
{
	check_scan("12 34", 10, 0, 12, 2);
	check_scan("12", 10, 0, 12, 2);
	check_scan("1f-2", 10, 0, 1, 1);
	check_scan("1f-2", 16, 0, 0x1f, 2);
	check_scan("DEADbeef:", 16, 0, 0xdeadbeef, 8);
	check_scan("ffffffffffffffff", 16, 0, UINT64_MAX, 16);
	check_scan("0ffffffffffffffff", 16, 0, UINT64_MAX, 17);
	check_scan("10000000000000000", 16, -ERANGE, 0, 0);
	check_scan("18446744073709551616", 10, -ERANGE, 0, 0);
	check_scan("18446744073709551615", 10, 0, UINT64_MAX, 20);
	check_scan("", 10, -EINVAL, 0, 0);
	check_scan(" 1", 10, -EINVAL, 0, 0);
	check_scan("g", 16, -EINVAL, 0, 0);
	check_scan("a", 10, -EINVAL, 0, 0);
	check_scan("0x1f", 16, 0, 0, 1);
}

Test(number, scan_stays_before_end)
{
	static const char text[] = "123456";

	for (int len = 1; len <= 6; len++) {
		static const uint64_t values[] = {0, 1, 12, 123, 1234, 12345, 123456};
		const char *cursor = text;
		uint64_t value = untouched;
		check_int(number_scan(&cursor, text + len, 10, &value), 0);
		check_u64(value, values[len]);
		check_int(cursor - text, len);
	}
	const char *cursor = text;
	uint64_t value = untouched;
	check_int(number_scan(&cursor, text, 10, &value), -EINVAL);
	check_u64(value, untouched);
}

Test(number, seconds_are_parsed_to_microseconds)
{
	uint64_t us = 7;

	cr_assert_eq(number_parse_seconds("5", &us), 0);
	cr_assert_eq(us, 5000000);
	cr_assert_eq(number_parse_seconds("0.25", &us), 0);
	cr_assert_eq(us, 250000);
	cr_assert_eq(number_parse_seconds(".5", &us), 0);
	cr_assert_eq(us, 500000);
	cr_assert_eq(number_parse_seconds("1.0000019", &us), 0);
	cr_assert_eq(us, 1000001);
	cr_assert_eq(number_parse_seconds("86400000000", &us), 0);
	us = 7;
	const char *const malformed[] = {
		"", ".", "5.", "-1", "+1", " 1", "1 ", "1e3", "1.2.3", "0x1"};
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		cr_assert_eq(number_parse_seconds(malformed[i], &us), -EINVAL, "%s", malformed[i]);
	const char *const extreme[] = {
		"0", "0.0", "0.0000001", "86400000001", "99999999999999999999999"};
	for (size_t i = 0; i < sizeof(extreme) / sizeof(extreme[0]); i++)
		cr_assert_eq(number_parse_seconds(extreme[i], &us), -ERANGE, "%s", extreme[i]);
	cr_assert_eq(us, 7);
}

Test(number, id)
{
	static const struct word words[] = {
		{"0", 0, 0},
		{"0001000", 0, 1000},
		{"4294967294", 0, 4294967294},
		{"4294967295", -ERANGE, 0}, // "leave it as it is"
		{"4294967296", -ERANGE, 0}, // 0, if it were cut to 32 bits
		{"18446744073709551616", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1a", -EINVAL, 0},
		{"root", -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint32_t value = (uint32_t)untouched;
		int r = number_parse_id(words[i].text, strlen(words[i].text), &value);
		cr_assert(r == words[i].result, "\"%s\" gives %d", words[i].text, r);
		check_u64(value, r < 0 ? untouched : words[i].value);
	}
	// No more than the given length counts.
	uint32_t value;
	check_int(number_parse_id("12:34", 2, &value), 0);
	check_u64(value, 12);
	check_int(number_parse_id("1\0", 2, &value), -EINVAL);
}
