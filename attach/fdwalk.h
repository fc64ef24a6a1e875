// SPDX-License-Identifier: GPL-2.0-or-later
// Looking through the open files of all processes.
#pragma once

#include "contextroom.h"

// Who is told of them.
struct fdwalk_visitor {
	// Of process PID, whose /proc/PID/fd is FDS_FD.
	void (*process)(void *arg, pid_t pid, int fds_fd);
	// Of its fd NAME, whose link is LINK.
	void (*file)(void *arg, const char *name, const char *link);
	void *arg;
};

// Tells VISITOR of all open files in /proc, as far as RUN's time allows.
void fdwalk_all(const struct context_run *run, const struct fdwalk_visitor *visitor);
