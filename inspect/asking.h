// SPDX-License-Identifier: GPL-2.0-or-later
// Asking nspeek for files beside modules, which it opens and a worker cannot.
#pragma once

#include "space.h"
#include "wire.h"

struct asking {
	struct wire_in *in;
	struct wire_out *out;
	struct wire_record *record; // room for one
	struct space *space;
	unsigned count; // so far
	uint32_t *last; // the number of each module's last
	// What was asked for before it was needed.
	struct {
		bool asked, answered;
		int index;      // of the module
		int fd;         // or -errno
		unsigned place; // where it is from
	} ahead;
};

// Prepares ASKING over IN and OUT, with RECORD for what is sent and received, for the modules of
// SPACE, which has it for its open_debug then. All of them must outlive it. Fails with -ENOMEM.
int asking_init(struct asking *asking, struct wire_in *in, struct wire_out *out,
	struct wire_record *record, struct space *space);

// Accepts a zeroed one.
void asking_fini(struct asking *asking);

// Asks for the debug file of the module that the first thread is in if that one lacks names: they
// will be wanted, and the answer comes while threads are unwound.
void asking_begin(struct asking *asking);

// Takes the answer to that, if it was not needed: what comes next on the socket is something else.
void asking_end(struct asking *asking);
