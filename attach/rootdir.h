// SPDX-License-Identifier: GPL-2.0-or-later
// The target's root and working directory: opened from outside, entered after the join.
//
// Theory of operation. setns(2) on a mount namespace sets root and working directory to the
// namespace's own root, which is not that of a chrooted target. So both are opened as O_PATH fds
// before the join, by the kernel's own links and never by a path that the target could bend, and
// are entered by fchdir(2) and chroot(2) after it. A working directory that getcwd(2) cannot name
// from the new root lies outside it, and would be a way out: "/" is taken instead.
//
// A directory that the user names is one of the container's. It is resolved after the join, below
// the root that was entered, so that no symbolic link leads out, and without magic links: one of a
// procfs inside could be the host's root.
#pragma once

#include "error.h"
#include "notice.h"
#include "target.h"

#include <errno.h>
#include <stdbool.h>

// What the user asked for, all of the container. A DIR is borrowed.
struct rootdir_request {
	bool root, cwd;                 // asked for
	const char *root_dir, *cwd_dir; // below the target's root, and below the new one; or NULL:
					// the target's own
};

struct rootdir {
	int root; // O_PATH, or -EBADF: ours stays
	int cwd;
};

// Opens root and cwd of TARGET's thread. Fails with the reason; nothing is left open then.
int rootdir_open(const struct target *target, struct rootdir *ret, struct error *err);

// Makes DIRS the caller's own, and then what REQUEST says. JOINED says that a mount namespace was
// joined before; where none was and root is the same already, no privilege is needed. The working
// directory of a root that REQUEST names is "/", unless it asks for one. On failure root and cwd
// are undefined.
int rootdir_enter(const struct rootdir *dirs, const struct rootdir_request *request, bool joined,
	const struct notice *notice, struct error *err);

// Closes the fds of DIRS. Accepts one that is ROOTDIR_EMPTY.
void rootdir_fini(struct rootdir *dirs);

#define ROOTDIR_EMPTY ((struct rootdir){.root = -EBADF, .cwd = -EBADF})
#define auto_rootdir  __attribute__((cleanup(rootdir_fini)))
