// SPDX-License-Identifier: GPL-2.0-or-later
// Which ids exist in the user namespace that we are in.
#pragma once

#include "error.h"
#include "proc.h"

#include <stdbool.h>
#include <stdint.h>

// A kind of ids.
struct idmap_kind {
	const char *word; // "uid"
	const char *file; // its map below /proc/PID: "uid_map"
};

extern const struct idmap_kind idmap_uid, idmap_gid;

// Reads our map of KIND. SELF_FD is our own /proc/self. A kernel without user namespaces maps every
// id to itself. Fails with the reason.
int idmap_read(
	int self_fd, const struct idmap_kind *kind, struct proc_idmap *ret, struct error *err);

// 0 when ID is one of our user namespace; else fails with a message and the ids that are.
int idmap_require(int self_fd, const struct idmap_kind *kind, uint32_t id, struct error *err);

// True when MAP is that of the initial user namespace, where no id of another process looks like
// the one that stands for all that are not mapped.
bool idmap_is_full(const struct proc_idmap *map);
