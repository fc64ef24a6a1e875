// SPDX-License-Identifier: GPL-2.0-or-later
// A range of the target's memory that is to be read.
#pragma once

#include <stdint.h>

struct memory_range {
	uint64_t addr, len; // bytes
};

enum {
	MEMORY_RANGES_MAX = 1024,    // read at once
	MEMORY_BYTES_MAX = 16 << 20, // of all of them
};
