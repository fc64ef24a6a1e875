// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID/maps.
#include "fuzz.h"
#include "proc_maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *cursor = (const char *)data, *end = cursor + len;
	struct proc_map map;
	volatile char last = 0;

	while (cursor < end && proc_map_next(&cursor, end, &map) > 0)
		if (map.path_len > 0)
			last = map.path[map.path_len - 1];
	(void)last;
	return 0;
}
