// SPDX-License-Identifier: GPL-2.0-or-later
// Durations in words.
#include "duration.h"

#include <stdio.h>

const char *duration_text(uint64_t ms, char *buffer, size_t size)
{
	static const struct {
		uint64_t seconds, less;
		const char *unit, *smaller;
	} units[] = {{86400, 3600, "d", "h"}, {3600, 60, "h", "min"}, {60, 1, "min", "s"}};
	enum { COUNT = sizeof(units) / sizeof(units[0]) };
	uint64_t seconds = ms / 1000, tenths = ms / 100 % 10;
	size_t i = 0;

	while (i < COUNT && seconds < units[i].seconds)
		i++;
	if (i < COUNT) {
		uint64_t rest = seconds % units[i].seconds / units[i].less;
		int len = snprintf(buffer, size, "%llu %s",
			(unsigned long long)(seconds / units[i].seconds), units[i].unit);
		if (rest > 0)
			snprintf(buffer + len, size - (size_t)len, " %llu %s",
				(unsigned long long)rest, units[i].smaller);
	} else if (seconds >= 10 || (seconds > 0 && tenths == 0)) {
		snprintf(buffer, size, "%llu s", (unsigned long long)seconds);
	} else if (seconds > 0) {
		snprintf(buffer, size, "%llu.%llu s", (unsigned long long)seconds,
			(unsigned long long)tenths);
	} else if (ms > 0) {
		snprintf(buffer, size, "%llu ms", (unsigned long long)ms);
	} else {
		snprintf(buffer, size, "less than 1 ms");
	}
	return buffer;
}
