// SPDX-License-Identifier: GPL-2.0-or-later
// Showing the containers of this host.
#pragma once

#include "containers.h"
#include "table.h"

#include <stdint.h>
#include <stdio.h>

// A container, and what is shown of it besides.
struct list_row {
	const struct container *container;
	uint64_t namespaces[NSTYPE_COUNT]; // of its leader; 0: not known
	uint64_t own[NSTYPE_COUNT];        // ours
	uint64_t pidfd;                    // the inode of the leader's; 0: it has none of its own
	uint64_t age_s;                    // of the leader
	char command[64];                  // that the leader runs; empty: not known
};

struct list_rows {
	struct list_row *rows;
	size_t count;
};

// THE columns, up to one without a name. Rows are struct list_row.
extern const struct table_column list_columns[];

// Writes ROWS as JSON, schema nspeek.list/1, to OUT. Fails with -ENOMEM.
int report_list_json(FILE *out, const struct list_rows *rows);
