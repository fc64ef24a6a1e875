// SPDX-License-Identifier: GPL-2.0-or-later
// Modules that are kept from one snapshot to the next: what several processes have mapped is
// opened, indexed and named once.
//
// Theory of operation. A module is the same as one on the shelf if it is the same file by device,
// inode, size and both times, at the same path (an overlay file system may show one inode number
// for two files), or, without a file, if it has the same bytes. What is found out of it is kept
// with it (module_part() in module.h). A module that changes in place is another one from then on.
#pragma once

#include "module.h"

struct codewalk;

enum { SHELF_MODULES_MAX = 1 << 12 }; // kept, beyond those of the snapshot at hand

struct shelf {
	struct shelf_item **items;
	size_t count, capacity;
	uint32_t *slots;         // hash table of item numbers + 1
	size_t slot_count;       // a power of two
	size_t most;             // modules that may be kept
	size_t budget;           // what may still be spent on what is beside modules
	struct codewalk *walked; // what was found of their code (space.h)
};

// How many modules a process with our limits may keep: half of the fds that it may have are for
// those to come. Not for the sandbox, where the limits cannot be read.
size_t shelf_most(void);

// Prepares SHELF for MOST modules that are kept. Fails with -ENOMEM.
int shelf_init(struct shelf *shelf, size_t most);

// Closes all modules. Accepts a zeroed one.
void shelf_fini(struct shelf *shelf);

// Makes room for COUNT more modules: where too much is kept, all of it is closed.
int shelf_make_room(struct shelf *shelf, size_t count);

// The module of SOURCE, whose fd is taken over: one that was kept, or a new one, which is not open
// yet. Lives until the shelf is emptied, and has its source, and the fd, itself. Returns NULL when
// there is no memory; the fd is closed then.
struct module *shelf_take(struct shelf *shelf, const struct snapshot_module *source);

// The same for all modules of SNAPSHOT, which has the kept fds then, into *RET (an array that the
// caller owns). Fails with -ENOMEM.
int shelf_take_all(struct shelf *shelf, struct snapshot *snapshot, struct module ***ret);
