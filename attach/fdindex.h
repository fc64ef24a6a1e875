// SPDX-License-Identifier: GPL-2.0-or-later
// An index of who has which pipe, socket or named file open, for the processes of one round.
//
// Theory of operation. The first child (contextrun.h) that looks for other ends goes through /proc
// once and writes what it saw of all processes into a file in memory; those that come later in the
// same round look there. The index only says where it is worth looking: each fd is read anew before
// its process is named, so what was closed since is not named, and what was opened since is missed.
// Processes that are only counted are as many as the index says.
// The file has no name and is in nobody's memory but a child's: a worker that parses what a target
// has closes its fd first.
#pragma once

#include "contextroom.h"

enum { FDINDEX_READS = 1, FDINDEX_WRITES = 2 };

// An fd of a process.
struct fdindex_row {
	uint64_t key;
	uint32_t pid;
	uint32_t fd : 30, modes : 2; // FDINDEX_*
};

struct fdindex {
	const struct fdindex_row *rows; // ascending by key, then by process
	size_t count;
	bool cut; // not all processes were looked at
	void *mapping;
	size_t mapping_len;
};

// Makes the file that one round's index is kept in, empty. Returns an O_CLOEXEC fd, owned by the
// caller, or -errno.
int fdindex_create(void);

// The index in RUN's file, into *RET, for fdindex_fini(); it is made first when there is none yet.
// Fails with -errno: it has to be done without.
int fdindex_open(const struct context_run *run, struct fdindex *ret);

void fdindex_fini(struct fdindex *index);

// The key of what LINK, of /proc/PID/fd, is to, where names are those of the mount namespace that
// the link MOUNT_NS is to; 0: it is not in the index.
uint64_t fdindex_key(const char *link, const char *mount_ns);

// The rows of INDEX with KEY: the first, and *RET_COUNT of them.
const struct fdindex_row *fdindex_find(
	const struct fdindex *index, uint64_t key, size_t *ret_count);
