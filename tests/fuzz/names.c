// SPDX-License-Identifier: GPL-2.0-or-later
// What names containers: cgroups' paths, command lines, units, machines' files.
#include "fuzz.h"
#include "machine_state.h"
#include "monitor.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct machine_state state;
	struct runtime_match match;
	struct monitor monitor;
	volatile size_t sum = 0;
	char name[64];

	if (runtime_match(text, len, &match) && match.id_len > 0)
		sum = (size_t)match.id[match.id_len - 1];
	if (monitor_parse(text, len, &monitor)) {
		sum += monitor.id ? strlen(monitor.id) : 0;
		sum += monitor.space ? strlen(monitor.space) : 0;
		sum += monitor.bundle ? strlen(monitor.bundle) : 0;
		if (monitor.name)
			sum += monitor.name_len ? (size_t)monitor.name[monitor.name_len - 1]
						: strlen(monitor.name);
	}
	if (runtime_unescape_unit(text, len, name, sizeof(name)))
		sum += strlen(name);
	if (machine_state_parse(text, len, &state) == 0)
		sum += strlen(state.unit);
	(void)sum; // what is read is what counts
	return 0;
}
