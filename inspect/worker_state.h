// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of the worker share: worker.c, names (worker_names.c), goroutines
// (worker_goroutines.c), positions (worker_positions.c), and sending (worker_send.c).
#pragma once

#include "asking.h"
#include "chains.h"
#include "locations.h"
#include "parked.h"
#include "positions_send.h"
#include "shelf.h"
#include "unwind.h"
#include "wire.h"
#include "work.h"
#include "worker.h"

static const uint32_t NO_THREAD = UINT32_MAX, NO_CHAIN = UINT32_MAX;

struct worker {
	const struct worker_options *options;
	volatile struct work_place *place;
	const struct unwinder *unwinder; // what all stacks are unwound by
	size_t kept_most;                // modules on the shelf
	struct shelf shelf;              // the modules, also of the snapshots before
	uint32_t turn;                   // the number of the snapshot, from 1
	// From here to the record it is forgotten with the snapshot.
	struct snapshot snapshot; // as in the work, but for the files
	const bool *unnamed;      // the modules that are not to be named; NULL: all are
	struct space space;
	void *engine;
	struct locations locations;
	struct chains chains;
	struct parked parked;          // goroutines
	uint32_t *chain_of_parked;     // each goroutine's chain
	uint32_t *chain_of;            // each thread's, or NO_CHAIN
	size_t early_count;            // threads that were looked at before they were proven
	uint64_t early_us;             // and what that took
	uint32_t *next;                // each thread's: the next one with its chain, or NO_THREAD
	uint32_t *location_of;         // each frame's of the chains
	struct unwind_frame *chain;    // room for one
	struct unwind_frame *other;    // and for one of the second engine, if asked for
	struct stack_verify *verifies; // what came of that for each thread
	struct location_row **rows;    // the locations, by module, then address
	uint32_t symbol_count;         // sent so far
	struct positions_sender sender;
	struct asking asking;
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

// True when MODULE, an index, SNAPSHOT_NO_MODULE or space_made(), is to be named.
bool worker_names(const struct worker *worker, int module);

// Sends what was found: modules, stacks, goroutines, what the second engine has found, and what of
// the files is needed, as far as somebody wants to know. Returns 0 or -errno.
int worker_send_found(struct worker *worker);

// Names all frames of the worker's chains, and sends the names. Returns 0 or -errno.
int worker_name_all(struct worker *worker);

// Unwinds the goroutines that no thread runs, if there can be any, into the worker's chains. Fails
// as parked_find() does.
int worker_unwind_goroutines(struct worker *worker);

// Sends what is known of them, if the process has Go's runtime. Returns 0 or -errno.
int worker_send_goroutines(struct worker *worker);

// Calls DO_MODULE for the rows, which are sorted then, of each module that has some and is to be
// named; of code in no file too. Returns 0 or the first -errno.
int worker_each_module(struct worker *worker,
	int (*do_module)(struct worker *worker, struct location_row **rows, size_t count));

// Sends what is known of module INDEX, with NOTE; IS_DAMAGE: what that says has cost something that
// was asked for. Returns 0 or -errno.
int worker_send_module(struct worker *worker, size_t index, const char *note, bool is_damage);

// Finds and sends where in the source the code addresses are, if anybody wants to know, and the
// names of functions that no symbol names. To be called when all that matters more was sent.
// Returns 0 or -errno.
int worker_send_positions(struct worker *worker);
