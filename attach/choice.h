// SPDX-License-Identifier: GPL-2.0-or-later
// Whose program COMMAND is: the container's, or, where it has none, the host's.
//
// Theory of operation. Which side a program is of decides who it runs as, so it is decided once,
// before anything is joined, and never again: what was found in the container runs as a program of
// the container, also when it has vanished or changed by the time it is executed. The container can
// so choose between two things only: that its own program runs, with the power of the container, or
// that the very program of the host runs which the user named, and loads nothing of the container.
//
// The search in the container is done from outside, on the fd of its root, in which all links
// resolve; nothing but the first bytes of regular files is opened. A program is there when it can
// be started: an interpreter that is missing ("#!", or the loader of a dynamic program) makes it
// one that is not. What cannot be looked at counts as there, and its error is then the container's;
// but a directory in PATH is passed over for that when others can be looked at.
// A file system that does not answer holds the caller, which a signal has to end.
#pragma once

#include "envblock.h"
#include "error.h"
#include "target.h"

#include <stdbool.h>
#include <stdint.h>

struct choice_request {
	char **argv;                 // the command, or NULL for a shell
	const struct envblock *env;  // the container's
	int root_fd;                 // its root directory
	int self_fd;                 // the caller's /proc/self
	const struct target *target; // whose shell is meant where uid 0 is not mapped; may be NULL
	bool joins_user;             // the target's user namespace is joined
	bool has_uid;                // and who is inside is UID of it
	uint32_t uid;
};

struct choice {
	bool host;          // the host's, in the tools view
	char subject[128];  // "gdb" or "a shell", and
	char missing[384];  // "is not in the container", and why: for the one line about it
	struct error other; // when neither side has it: what the search on the host said
};

// Decides for REQUEST into *RET. Fails with -ENOMEM.
int choice_make(const struct choice_request *request, struct choice *ret, struct error *err);
