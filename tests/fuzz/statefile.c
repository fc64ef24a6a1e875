// SPDX-License-Identifier: GPL-2.0-or-later
// State files of runtimes: the first byte is the kind.
#include "statefile.h"
#include "fuzz.h"

#include <stdlib.h>

static void take(void *arg, const struct state_record *record)
{
	(void)arg;
	if (!state_record_is_valid(record))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > 0)
		statefile_parse(
			data[0] % STATE_KINDS, 0, (const char *)data + 1, len - 1, take, NULL);
	return 0;
}
