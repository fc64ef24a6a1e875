// SPDX-License-Identifier: GPL-2.0-or-later
// From a snapshot to named stacks, by a worker process without privileges.
#pragma once

#include "error.h"
#include "snapshot.h"
#include "stacks.h"
#include "worker.h"

// A file that the worker asks for. Hostile: whoever opens it checks it.
struct inspect_request {
	const struct buildid *build_id; // of a separate debug file
};

struct inspect_options {
	struct worker_options worker;
	uint32_t timeout_ms;
	// Opens what REQUEST asks for: a read-only fd, which is then the callee's, or -errno.
	int (*open_file)(void *arg, const struct inspect_request *request);
	void *open_file_arg;
};

// Unwinds and names all captured threads of SNAPSHOT into *RET. What the worker could not do,
// because it crashed, hung or lied, is missing there, with the reason in each stack; that is no
// failure. Fails with ERROR_SYSTEM when no worker could be started; *RET is then empty. No process
// is left.
int inspect_run(const struct snapshot *snapshot, const struct inspect_options *options,
	struct stacks *ret, struct error *err);
