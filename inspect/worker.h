// SPDX-License-Identifier: GPL-2.0-or-later
// The worker process: unwinds and names a snapshot, without privileges.
//
// Theory of operation. It is forked by inspect_run(), gives up what it could do harm with
// (sandbox.h), and then reads files that the target controls. Files that it needs beyond the
// modules it asks for by a record that nspeek checks. It answers with records (wire.h), modules
// and names first, so that frames can refer to them. A file that is truncated under our mapping
// reads as zeros from there on; anything worse ends the worker, and nspeek says so.
#pragma once

#include "snapshot.h"

#include <stdbool.h>
#include <stddef.h>

struct worker_options {
	size_t max_frames;
	bool raw; // names as they are in the files
};

// Runs the worker on SOCKET. Returns 0 when everything was sent, else -errno. Prints nothing.
int worker_run(int socket, const struct snapshot *snapshot, const struct worker_options *options);
