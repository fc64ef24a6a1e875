// SPDX-License-Identifier: GPL-2.0-or-later
// Opening the files in which runtimes keep what they know of a container: a hint, never more.
//
// Theory of operation. Where they are is tried in turn: below the directory of the program beside
// the container, at the runtime's own places (runtime.h), and where the container's mounts lead. A
// For a container inside of another only the first is: the others are the host's. A
// file is used only if it is a regular one, is no link, is not too large, and belongs to root, or
// to who made the container, and cannot be written by others; it is looked at before it is opened,
// so that no FIFO and no device is. What is not there, or may not be seen, tells nothing; what is
// there and is not as it should be is a trouble of this one container.
#pragma once

#include "containers.h"

#include <limits.h>

// A file that was found, or its trouble.
struct state_file {
	enum state_kind kind;
	char path[PATH_MAX];           // for messages, and to know it by
	const char *trouble;           // why it is not used, or NULL
	const struct runtime *runtime; // whose it is
};

// Opens what tells the name of CONTAINER, whose runtime and id are known; PROC_FD is /proc and
// ROOT_FD the root directory. Returns an fd that the caller owns; -ENOENT when there is nothing; or
// another -errno, and RET says the trouble.
int statefile_open(
	int proc_fd, int root_fd, const struct container *container, struct state_file *ret);

// A file of a store: of which runtime, and of the container with which id.
struct store_file {
	const struct runtime *runtime;
	const char *id;
	bool is_rootless; // it is an ordinary user's, and says nothing of whom that one has not
			  // made
	uid_t owner;      // this one
	struct state_file file;
};

// What is done with one; FD is closed after that, and is negative for one with a trouble.
typedef void store_visit(void *arg, const struct store_file *file, int fd);

// Calls VISIT for each file of the runtimes' stores that is of none of CONTAINERS, by its runtime,
// maker and id: those of root first, then those of each ordinary user who made one of CONTAINERS.
// No links are followed in the latter, and no more than 1024 entries of a directory are looked at.
void statefiles_visit_stores(
	int root_fd, const struct containers *containers, store_visit *visit, void *arg);
