// SPDX-License-Identifier: GPL-2.0-or-later
// What a container's mounts tell: runtimes bind a few files of their own state into it (its host
// name, its hosts), from wherever their configuration has them keep that.
//
// Theory of operation. Whoever may mount inside can make that say anything. So it is asked only
// when nothing outside of the container tells; and what is found at such a place must belong to
// root, or to who made the container (statefiles.h).
#pragma once

#include "containers.h"

#include <limits.h>

// What a path of a mount's root tells. Pure.
struct mount_hint {
	const struct runtime *runtime;
	const char *id; // in the path, 64 digits
	size_t dir_len; // docker: of the directory DATA-ROOT/containers;
			// podman, CRI-O: of the directory of the store's containers
};

// Reads PATH, the root of a bind mount (mountinfo). Returns false when it is no runtime's.
bool mount_hint_parse(const char *path, struct mount_hint *ret);

// Paths, as they are here; empty: not known.
struct container_mounts {
	const struct runtime *runtime; // NULL: not known
	char id[65];
	char docker[PATH_MAX]; // the directory DATA-ROOT/containers
	char graph[PATH_MAX];  // GRAPH-ROOT of podman and CRI-O
};

// Reads the mounts of CONTAINER's leader below PROC_FD. Fails with -errno; *RET is then empty.
int container_mounts_read(
	int proc_fd, const struct container *container, struct container_mounts *ret);
