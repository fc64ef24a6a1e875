// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of the worker share: worker.c, what it asks for (worker_ask.c), and goroutines
// (worker_goroutines.c).
#pragma once

#include "chains.h"
#include "locations.h"
#include "parked.h"
#include "unwind.h"
#include "wire.h"
#include "worker.h"

static const uint32_t NO_THREAD = UINT32_MAX;

// The debug file that was asked for before it was needed.
struct ahead {
	bool asked, answered;
	int index;      // of the module
	int fd;         // or -errno
	unsigned place; // where it is from
};

struct worker {
	const struct worker_options *options;
	struct snapshot snapshot; // as in the work, but for the files
	struct space space;
	const struct unwinder *unwinder; // what all stacks are unwound by
	void *engine;
	struct locations locations;
	struct chains chains;
	struct parked parked;          // goroutines
	uint32_t *chain_of_parked;     // each goroutine's chain
	uint32_t *chain_of;            // each thread's
	uint32_t *next;                // each thread's: the next one with its chain, or NO_THREAD
	uint32_t *location_of;         // each frame's of the chains
	struct unwind_frame *chain;    // room for one
	struct unwind_frame *other;    // and for one of the second engine, if asked for
	struct stack_verify *verifies; // what came of that for each thread
	uint32_t symbol_count;         // sent so far
	unsigned requests;
	uint32_t *last_request;   // the number of each module's last
	uint32_t perfmap_request; // and of the perf map's
	uint64_t perfmap_len;     // 0: there is none
	struct ahead ahead;
	// Large, and not zero in the beginning:
	struct wire_record record; // the one that is being sent or received
	struct wire_in in;
	struct wire_out out;
};

// Clears the record for TYPE, and returns it.
struct wire_record *worker_record(struct worker *worker, enum wire_type type);

// Sends CHAIN as the stack of thread INDEX, or of the goroutine of that number. Returns 0 or
// -errno.
int worker_send_chain(struct worker *worker, const struct chain_row *chain, size_t index);

// Asks for the debug file of the module that the first thread is in if that one lacks names: they
// will be wanted, and the answer comes while threads are unwound.
void worker_ask_ahead(struct worker *worker);

// Takes the answer to that, if nobody has needed it: a socket that is closed before all of it was
// read takes away what the other side has not read yet.
void worker_ask_end(struct worker *worker);

// Sets what the worker's space asks nspeek for.
void worker_ask_init(struct worker *worker);

// Unwinds the goroutines that no thread runs, if there can be any, into the worker's chains. Fails
// as parked_find() does.
int worker_unwind_goroutines(struct worker *worker);

// Sends what is known of them, if the process has Go's runtime. Returns 0 or -errno.
int worker_send_goroutines(struct worker *worker);
