// SPDX-License-Identifier: GPL-2.0-or-later
// Sending what is found of functions, files and lines: what the worker does last.
#pragma once

#include "locations.h"
#include "positions_kept.h"

struct positions_sender {
	struct positions positions;
	uint32_t steps; // what its steps point to
	bool raw;       // names as they are in the files
	struct wire_out *out;
	struct wire_record *record; // room for one
	uint32_t *symbol_count;     // names sent so far
	// The name of a function and that of a file that were sent last: where they begin, and
	// their numbers.
	char *last_names[2];
	uint64_t last_starts[2];
	int32_t last_numbers[2];
};

// True when one of the COUNT ROWS, which lie in one module, has no name yet.
bool positions_name(struct location_row *const *rows, size_t count);

// True when SENDER wants to know more of one of the COUNT ROWS, which lie in one module, than is in
// its KEPT.
bool positions_are_new(const struct positions_sender *sender, const struct positions_kept *kept,
	struct location_row *const *rows, size_t count);

// Finds the positions of those of the COUNT ROWS, which lie in one module and ascend, that are new,
// for its KEPT. Fails with -ENOMEM.
int positions_look(struct positions_sender *sender, struct positions_kept *kept,
	struct location_row *const *rows, size_t count);

// Sends what KEPT has of the COUNT ROWS, which are among LOCATIONS. Fails with -ENOMEM, or -errno
// of sendmsg(2).
int positions_send(struct positions_sender *sender, const struct positions_kept *kept,
	const struct location_row *locations, struct location_row *const *rows, size_t count);

// Frees what SENDER remembers.
void positions_sender_fini(struct positions_sender *sender);
