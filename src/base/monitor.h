// SPDX-License-Identifier: GPL-2.0-or-later
// What the command line of the process beside a container tells: the shims of containerd, conmon of
// podman and CRI-O, systemd-nspawn, LXC's monitor. Pure functions over text that its user chose.
#pragma once

#include "runtime.h"

#include <stddef.h>

// A virtual machine, or a kernel of its own, around a container: nothing of it can be joined.
enum isolation { ISOLATION_NONE, ISOLATION_KATA, ISOLATION_GVISOR, ISOLATION_VM };

// The word for it; NULL for none.
const char *isolation_name(enum isolation isolation);

// The words point into the command line, and are NULL where it does not say.
struct monitor {
	const struct runtime *runtime;
	const char *space; // the namespace of containerd
	const char *id;    // of the container, or of the first of several
	const char *name;  // of the container; LEN bytes where name_len is not 0
	size_t name_len;
	const char *bundle; // directory
	enum isolation isolation;
};

// Reads TEXT, a /proc/PID/cmdline of LEN bytes that ends with NUL, into *RET. Returns false when it
// is none of those programs'.
bool monitor_parse(const char *text, size_t len, struct monitor *ret);

// What PATH, the program of a container's first process, tells of isolation: gVisor's stands where
// a container's would.
enum isolation monitor_isolation(const char *path);
