// SPDX-License-Identifier: GPL-2.0-or-later
// Describing the open files of a target, by what /proc says of them: nothing of a file itself is
// touched, which may be of a file system that answers never.
#pragma once

#include "contextroom.h"

// A file that is to be described.
struct filerow_request {
	pid_t tid; // the thread whose fd it is
	uint32_t fd, events;
	bool fifo; // if it has a name, it is a FIFO's
};

// Fills ROW, one of RUN's room, with what is known of REQUEST. What an epoll instance watches is
// described in rows of their own. Files that have another end are added to RUN's ends.
void filerow_describe(
	struct context_run *run, const struct filerow_request *request, struct context_file *row);
