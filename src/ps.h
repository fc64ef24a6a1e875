// SPDX-License-Identifier: GPL-2.0-or-later
// The processes of a container, as `nspeek ps` shows them.
#pragma once

#include "processes.h"
#include "table.h"
#include "targets.h"
#include "uidview.h"
#include "usernames.h"

#include <stdbool.h>
#include <stdio.h>

// A process. What is borrowed lives as long as its container.
struct ps_process {
	const struct ps_container *container;
	const struct process_row *row;
	const char *command; // for people, while the row of a table is made; or NULL
	const char *words;   // its command line, in which NUL ends a word; or NULL: not known
	size_t words_len;
	uint32_t uid, ns_uid;      // effective, as we and as the container see it
	bool has_uid, has_ns_uid;  // known, and mapped
	const char *user;          // the name of ns_uid in the container, or NULL
	const pid_t *ns_pids;      // from the container's PID namespace on, inwards
	size_t ns_pid_count;       // at least one
	pid_t ns_ppid;             // its parent's there; 0: it is outside
	uint64_t elapsed_s, cpu_s; // since it began, and of processor time
};

struct ps_container {
	const char *word;                 // the TARGET
	const struct named_target *named; // borrowed
	struct members members;
	struct processes processes;
	struct usernames names;
	struct ps_process *rows; // ascending by PID
	size_t count;
};

// Reads the container of NAMED, that WORD means; both must outlive it. What is not known of it is
// warned of. Fails with the reason: with ERROR_TARGET, ESRCH when no process is left. The caller
// frees *RET.
int ps_container_new(const char *word, const struct named_target *named, struct ps_container **ret,
	struct error *err);

// False when processes are missing.
bool ps_container_is_whole(const struct ps_container *container);

// True when ONE and OTHER are the same.
bool ps_container_is(struct ps_container *one, struct ps_container *other);

// Accepts NULL.
void ps_container_free(struct ps_container *container);

// THE table of columns. Their rows are struct ps_process.
extern const struct table_column ps_columns[];

// Adds CONTAINER's processes to TABLE, as a tree if TREE. Fails with -ENOMEM.
int ps_fill_table(const struct ps_container *container, bool tree, struct table *table);
