// SPDX-License-Identifier: GPL-2.0-or-later
// What a worker asks its keeper for: files that it cannot open, and memory that it cannot read.
#pragma once

#include "inspect.h"

// Of one snapshot.
struct serving {
	const struct inspect_options *options; // which open and read
	const struct snapshot *snapshot;
	struct stacks *stacks; // where files are remembered that are to be kept
	int socket;            // to the worker
	unsigned requests, reads;
};

// Answers RECORD, hostile, which asks for a file, with one, or with none. Fails with -EPROTO when
// nobody may ask so, or so often, or with -errno.
int serving_file(struct serving *serving, const struct wire_record *record);

// The same for RECORD that asks for memory. What cannot be read is answered by no file.
int serving_memory(struct serving *serving, const struct wire_record *record);
