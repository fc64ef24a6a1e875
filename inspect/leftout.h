// SPDX-License-Identifier: GPL-2.0-or-later
// What the next worker is not to read, since one before it has ended, or hung, over it.
//
// Theory of operation. A worker that crashes, hangs or lies has read a file that made it do so, and
// it notes which module it is at (work.h). The next one is started without that module's names, if
// it was naming, or else, or if that did not help, without its file. So a hostile file costs what
// is in it, and no other module's names. Where the note does not help, because it names none, or
// what it names is left out already, the next worker names nothing: the frames are worth more.
// After that, and after so many workers, what there is must do. Over positions, which are sent when
// all else was, nothing is left out: what was sent is kept, and the module says so (inspect.c). A
// worker that lies about where it is costs other names, as one that lies about names does.
#pragma once

#include "snapshot.h"
#include "stacks.h"
#include "work.h"

struct leftout_row;

struct leftout {
	struct leftout_row *rows; // parallel to the snapshot's modules; NULL: nothing is left out
	bool *unnamed;            // the same: whose names are left out
	pid_t pid;                // whose they are
	size_t module_count;
	bool nameless;    // all names are
	unsigned workers; // that have failed over one snapshot
};

// Leaves out what the note PLACE says, of a worker for SNAPSHOT that ended because of TROUBLE; or
// all names, if IS_SLOW: it had no time left, and had gone on until then. Returns false when that
// is of no use: everything was tried.
bool leftout_blame(struct leftout *leftout, const struct snapshot *snapshot,
	const struct work_place *place, bool is_slow, const char *trouble);

// Forgets what is left out if SNAPSHOT, the next one, is of another process, or has other modules
// there.
void leftout_keep(struct leftout *leftout, const struct snapshot *snapshot);

// SNAPSHOT without the files that are left out, to *RET; its modules are in *RET_MODULES, owned by
// the caller, or are the same. Fails with -ENOMEM.
int leftout_apply(const struct leftout *leftout, const struct snapshot *snapshot,
	struct snapshot *ret, struct snapshot_module **ret_modules);

// Notes in STACKS what was left out.
void leftout_tell(const struct leftout *leftout, struct stacks *stacks);

// Accepts a zeroed one, which it leaves.
void leftout_fini(struct leftout *leftout);
