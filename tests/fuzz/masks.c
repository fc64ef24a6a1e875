// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID/mountinfo, as far as what it hides is told from it.
#include "fuzz.h"
#include "mask.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct masks masks;

	if (masks_parse((const char *)data, len, &masks) < 0)
		return 0;
	if (masks.count > MASK_COUNT)
		abort();
	for (size_t i = 0; i < masks.count; i++)
		if (strlen(masks.items[i].point) >= MASK_POINT_SIZE)
			abort();
	return 0;
}
