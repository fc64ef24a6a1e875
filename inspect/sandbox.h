// SPDX-License-Identifier: GPL-2.0-or-later
// Giving up what a process that parses hostile files does not need.
//
// Theory of operation. What holds is the filter of system calls (allowlist.h): with it there is
// nothing left that a namespace could hide, but for the sizes and times of files, which the C
// library's fstat(3) can be made to tell by name; so the root is an empty one. Namespaces are taken
// where the kernel has no filters, or somebody forbids us to have one; a network namespace alone
// takes as long as all the rest together.
#pragma once

#include "error.h"

#include <stddef.h>
#include <sys/resource.h>

// What holds the process, besides its lack of rights.
enum sandbox_kind {
	SANDBOX_FILTER,
	SANDBOX_NAMESPACES, // no filter: mount, network, IPC, UTS, cgroup namespaces of its own
	SANDBOX_BARE,       // neither
	SANDBOX_KINDS,
};

struct sandbox {
	int parent;      // dies with this process
	const int *keep; // the fds that stay open, in any order
	size_t keep_count;
	rlim_t cpu_s; // seconds of CPU time that it may use
};

// Makes the calling process one without privileges, for good: it dies with its parent and has no
// controlling terminal; every fd is closed but those of SANDBOX (0 to 2 become /dev/null, or an
// empty file); limits are set (no core file, no new files, no children, bounded memory and time);
// nothing can be found by name, where that is permitted; groups, gid and uid become nobody's where
// it is root; all capabilities are dropped; no_new_privs is set; nobody may trace it; no signal is
// blocked; only the calls of allowlist.h can be made. Returns what could be had of it. Fails with
// ERROR_SYSTEM at the first step that fails: the process must then exit. Sources: prctl(2),
// capabilities(7), seccomp(2), namespaces(7).
int sandbox_enter(const struct sandbox *sandbox, struct error *err);
