// SPDX-License-Identifier: GPL-2.0-or-later
#include "timens.h"
#include "unit.h"

Test(timens, offsets)
{
	static const char text[] =
		"monotonic      86400         0\nboottime          -2 500000000\n";
	struct timens_offsets offsets;

	check_int(timens_parse(text, sizeof(text) - 1, &offsets), 0);
	check_int(offsets.monotonic.seconds, 86400);
	check_int(offsets.monotonic.nanoseconds, 0);
	check_int(offsets.boottime.seconds, -2);
	check_int(offsets.boottime.nanoseconds, 500000000);
	check_int(timens_parse("7 5 1\n1 3 2", 11, &offsets), 0);
	check_int(offsets.monotonic.seconds, 3);
	check_int(offsets.monotonic.nanoseconds, 2);
	check_int(offsets.boottime.seconds, 5);
	check_int(timens_parse("", 0, &offsets), 0);
	check_int(offsets.boottime.seconds, 0);
}

Test(timens, malformed)
{
	static const char *const texts[] = {"\n", "monotonic\n", "monotonic 1\n",
		"monotonic 1 1000000000\n", "monotonic 1 -1\n", "monotonic x 0\n",
		"monotonic 1 0 0\n", "realtime 1 0\n", "monotonic 99999999999999999999 0\n",
		"monotonic 9223372036854775808 0\n", "monotonicx 1 0\n"};
	struct timens_offsets offsets = {.monotonic.seconds = 7};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert(timens_parse(texts[i], strlen(texts[i]), &offsets) == -EINVAL,
			"\"%s\" is taken", texts[i]);
	check_int(offsets.monotonic.seconds, 7);
}
