// SPDX-License-Identifier: GPL-2.0-or-later
// Asking nspeek for files, by the worker.
#pragma once

#include "space.h"
#include "wire.h"

// The debug file that was asked for before it was needed.
struct ahead {
	bool asked, answered;
	int index;      // of the module
	int fd;         // or -errno
	unsigned place; // where it is from
};

struct asker {
	struct space *space;
	struct wire_in *in;
	struct wire_out *out;
	struct wire_record *record; // room for one
	unsigned requests, debug_requests;
	uint32_t *last_request; // the number of each module's last for a debug file
	struct ahead ahead;
};

// Prepares ASKER for the modules of SPACE, which asks it for debug files from now on; all must
// outlive it. Fails with -ENOMEM.
int asker_init(struct asker *asker, struct space *space, struct wire_in *in, struct wire_out *out,
	struct wire_record *record);

// Asks for the debug file of the module that the first thread is in if that one lacks names: they
// will be wanted, and the answer comes while threads are unwound.
void asker_ask_ahead(struct asker *asker);

// Waits for the answer to that, if nobody has needed it. To be called when all was sent: a process
// that ends with something unread takes what it has sent last with it.
void asker_finish(struct asker *asker);

// Opens a file of KIND beside module INDEX, as positions.h has it, with an asker.
int asker_open_file(void *asker, int index, enum wire_request_kind kind, const char *name,
	const struct buildid *id, unsigned *place);
