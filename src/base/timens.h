// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of /proc/PID/timens_offsets, time_namespaces(7): by how much the clocks of a time
// namespace differ from the host's.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct timens_offset {
	int64_t seconds;
	uint32_t nanoseconds; // added to them
};

struct timens_offsets {
	struct timens_offset monotonic, boottime;
};

// Parses TEXT of LEN bytes into *RET; a clock that it does not name has no offset. Fails with
// -EINVAL; *RET is then untouched.
int timens_parse(const char *text, size_t len, struct timens_offsets *ret);
