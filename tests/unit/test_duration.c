// SPDX-License-Identifier: GPL-2.0-or-later
#include "duration.h"

#include "unit.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

Test(duration, words)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} rows[] = {
		{0, "less than 1 ms"},
		{1, "1 ms"},
		{480, "480 ms"},
		{999, "999 ms"},
		{1000, "1 s"},
		{1099, "1 s"},
		{3499, "3.4 s"},
		{9999, "9.9 s"},
		{10999, "10 s"},
		{MINUTE - 1, "59 s"},
		{MINUTE, "1 min"},
		{5 * MINUTE + 20999, "5 min 20 s"},
		{HOUR - 1, "59 min 59 s"},
		{HOUR, "1 h"},
		{2 * HOUR + 13 * MINUTE + 59999, "2 h 13 min"},
		{DAY - 1, "23 h 59 min"},
		{DAY, "1 d"},
		{3 * (uint64_t)DAY + 5 * HOUR - 1, "3 d 4 h"},
		{400 * (uint64_t)DAY, "400 d"},
	};
	char buffer[DURATION_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_str(duration_text(rows[i].ms, buffer, sizeof(buffer)), rows[i].text);
	check_true(strlen(duration_text(UINT64_MAX, buffer, sizeof(buffer))) < DURATION_SIZE - 1);
}
