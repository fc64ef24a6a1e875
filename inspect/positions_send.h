// SPDX-License-Identifier: GPL-2.0-or-later
// Sending what is found of functions, files and lines: what the worker does last.
#pragma once

#include "locations.h"
#include "positions.h"

struct positions_sender {
	struct positions positions;
	uint32_t steps; // what its steps point to
	bool raw;       // names as they are in the files
	struct wire_out *out;
	struct wire_record *record; // room for one
	uint32_t *symbol_count;     // names sent so far
	// The name of a function and that of a file that were sent last, and their numbers.
	char *last_names[2];
	int32_t last_numbers[2];
};

// Finds and sends the positions of the COUNT ROWS, which lie in one module, ascend, and are among
// LOCATIONS. *RET is as that of positions_find(). Fails with -ENOMEM, or -errno of sendmsg(2).
int positions_send(struct positions_sender *sender, const struct location_row *locations,
	struct location_row **rows, size_t count, struct positions_trouble *ret);
