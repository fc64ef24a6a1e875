// SPDX-License-Identifier: GPL-2.0-or-later
// The target's root and working directory: opened from outside, entered after the join.
//
// Theory of operation. setns(2) on a mount namespace sets root and working directory to the
// namespace's own root, which is not that of a chrooted target. So both are opened as O_PATH fds
// before the join, by the kernel's own links and never by a path that the target could bend, and
// are entered by fchdir(2) and chroot(2) after it. A working directory that getcwd(2) cannot name
// from the new root lies outside it, and would be a way out: "/" is taken instead.
#pragma once

#include "error.h"
#include "notice.h"
#include "target.h"

#include <errno.h>

struct rootdir {
	int root; // O_PATH, or -EBADF: ours stays
	int cwd;
};

// Opens root and cwd of TARGET's thread. Fails with the reason; nothing is left open then.
int rootdir_open(const struct target *target, struct rootdir *ret, struct error *err);

// Makes DIRS the caller's own. JOINED says that a mount namespace was joined before; where none was
// and root is the same already, no privilege is needed. On failure root and cwd are undefined.
int rootdir_enter(
	const struct rootdir *dirs, bool joined, const struct notice *notice, struct error *err);

// Closes the fds of DIRS. Accepts one that is ROOTDIR_EMPTY.
void rootdir_fini(struct rootdir *dirs);

#define ROOTDIR_EMPTY ((struct rootdir){.root = -EBADF, .cwd = -EBADF})
#define auto_rootdir  __attribute__((cleanup(rootdir_fini)))
