// SPDX-License-Identifier: GPL-2.0-or-later
// The worker's requests for files, and for memory of the process.
//
// Theory of operation. What the worker needs beyond the modules' files it asks nspeek for, by a
// record, and waits for the answer. One debug file, that which will most probably be wanted, is
// asked for before it is needed; its answer comes meanwhile, and before all others, since answers
// come in the order of what was asked. It has to be taken even if it is not needed: what is unread
// in a socket that is closed makes the other end fail before it has read all that we said. While
// the worker unwinds before nspeek knows that the threads hold, nspeek hears nothing, and may tell
// it of the threads before it answers.
#pragma once

#include "space.h"
#include "wire.h"

// The debug file that was asked for before it was needed, of the space's module `ahead`.
struct asking_ahead {
	bool asked, answered;
	int fd;         // or -errno
	unsigned place; // where it is from
};

struct asking {
	struct wire_in *in;
	struct wire_out *out;
	struct wire_record *record; // overwritten
	struct space *space;
	const volatile bool *beside; // as in struct work
	bool told; // that the threads are there (WIRE_THREADS), while an answer was waited for
	unsigned requests;
	uint32_t kept;        // requests for what is kept (wire_is_kept())
	uint32_t *last;       // the number among these of each module's last
	uint32_t perfmap;     // and of the perf map's
	uint64_t perfmap_len; // 0: there is none
	struct asking_ahead ahead;
};

// Has the space of ASKING, which is filled in, ask by it.
void asking_init(struct asking *asking);

// Ends ASKING, whose answers were all taken. Accepts a zeroed one.
void asking_fini(struct asking *asking);

// Asks for the debug file of module INDEX if that lacks names: they will be wanted.
void asking_begin(struct asking *asking, int index);

// Opens a file of KIND beside module INDEX with the asking ARG, as positions.h has it.
int asking_open_file(void *arg, int index, enum wire_request_kind kind, const char *name,
	const struct buildid *id, unsigned *place);

// Takes the answer that was not needed, if there is one to come.
void asking_end(struct asking *asking);
