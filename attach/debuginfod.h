// SPDX-License-Identifier: GPL-2.0-or-later
// Debug files from the network, by the host's debuginfod-find(1).
//
// Theory of operation. What goes out is a build id, and only when somebody has asked for this. The
// client is a program of the host, with libraries for the network that are none of nspeek's
// business; so each file is fetched by a process of its own: as nobody when we are root, without
// capabilities, with no_new_privs and a filter that refuses what no client does, with an
// environment of nothing but its own variables and the proxies'. Its cache is a file system in
// memory, of a bounded size, in a mount namespace that ends with it: nothing is left, whoever is
// killed. Between it and nspeek stands a process that has made that namespace, waits, opens what
// came, if it is a regular file, and hands it over. Whoever reads the file checks its build id.
#pragma once

#include "buildid.h"
#include "error.h"

#include <stdint.h>

struct debuginfod {
	const char *program; // its path; NULL: not to be used
	unsigned left;       // files that may still be asked for
	uint64_t spent_us;   // time that was waited, of all
};

// Finds the client. Fails with ERROR_USAGE when DEBUGINFOD_URLS is not set, so that there is nobody
// to ask, and with ERROR_SYSTEM when there is no client.
int debuginfod_init(struct debuginfod *ret, struct error *err);

// Fetches the debug file that has build id ID. Returns a read-only fd of a regular file, or fails
// with -errno: -ENOENT (there is none), -ETIMEDOUT, -EMFILE (enough was asked for). No process is
// left.
int debuginfod_fetch(struct debuginfod *debuginfod, const struct buildid *id);
