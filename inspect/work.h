// SPDX-License-Identifier: GPL-2.0-or-later
// What a worker is to work on.
//
// Theory of operation. Starting takes a worker longer than a small process's stacks take to be
// captured, so it is started before anything is known of the process (inspect.h), and what there is
// to do is put into memory that it shares with nspeek from the beginning, at the same address on
// both sides: a snapshot's arrays go there as they are, and a record says when they are there
// (wire.h). Before many threads come, the room for their stacks is replaced on both sides by a
// file, so that they can be written there (memfile.h). Files go over the socket. The memory goes
// one way: where it is, how much of it is used and what was put there nspeek keeps for itself, and
// never reads back, so a worker that writes there deceives nobody but itself. Only the copied
// stacks are there alone: nspeek takes words of them for what may be anything, and keeps them in a
// file. One thing comes back: at which module the worker is, for when it does not come to its end
// (leftout.h); that may be anything too.
#pragma once

#include "snapshot.h"
#include "worker.h"

#include <stdbool.h>
#include <sys/resource.h>

static const uint32_t WORK_NO_MODULE = UINT32_MAX;

enum { WORK_MANY = 256 }; // threads, for which the room is worth a file

enum work_stage {
	WORK_UNWINDING,
	WORK_NAMING,
	WORK_POSITIONS, // looking for these: all else was sent
};

// Where the worker is.
struct work_place {
	uint32_t module; // that it is reading, an index, or WORK_NO_MODULE
	uint32_t stage;  // enum work_stage
	uint32_t step;   // threads unwound and modules named, or looked into, so far
};

// What the worker reads, at the beginning of the memory.
struct work {
	pid_t keeper; // the process that the worker works for
	int socket;   // the worker's end
	rlim_t cpu_s; // seconds of CPU time that it may use
	struct worker_options options;
	unsigned char *room; // where stacks come to, room_len bytes
	size_t room_len;
	struct snapshot snapshot; // what was put; its pointers lead into the memory
	const bool *unnamed;      // the modules that are not to be named; NULL: all are
	struct snapshot unproven; // threads and stacks that were put before, if any
	// In the memory: the worker writes there, and nspeek reads.
	volatile struct work_place *place;
	volatile bool
		beside; // it shares nspeek's CPU, where waiting without sleeping waits for itself
	void *fixed;    // what of the memory the worker has no business to write to
	size_t fixed_len;
};

// The memory. This is nspeek's alone.
struct work_memory {
	struct work *work; // to be written only
	size_t len;        // bytes of the memory
	int file;          // that the room for stacks is a mapping of, or -EBADF
	int reader;        // the same file, which cannot be written to by this fd
	size_t used;       // where what is put ends: of what is before the stacks
	size_t room_at;    // where room for stacks begins
	struct snapshot snapshot;
	struct snapshot_thread
		*unproven; // rows that were put before it was known whether they hold
	volatile struct work_place *place;
};

// Maps the memory for work with OPTIONS, into *RET; for work_close(). Fails with -ENOMEM. Pages are
// taken when they are first written to.
int work_open(const struct worker_options *options, struct work_memory *ret);

// Makes MEMORY new for another worker with OPTIONS: what the last one can have written to its head
// is gone.
void work_begin(struct work_memory *memory, const struct worker_options *options);

// Maps a file over MEMORY's room for stacks, of which nothing is needed any more; one that is there
// is emptied. It is to be made longer before the mapping is used. Workers that there are have to be
// given its reader, for work_take_file(). Fails with -errno. Without a file all is as it was, and 0
// is returned: where files may not be so large, memory has to be promised before it is used, or
// without /proc.
int work_use_file(struct work_memory *memory);

// The same for the worker: READER is the file that it was given. Fails with -errno.
int work_take_file(const struct work *work, int reader);

// Unmaps MEMORY. Accepts one that is {0}.
void work_close(struct work_memory *memory);

// The room for stacks, page-aligned, *RET_LEN bytes.
unsigned char *work_room(const struct work_memory *memory, size_t *ret_len);

// Puts SNAPSHOT's modules and maps, instead of all that was put before. A module with a file keeps
// its fd's number, which means nothing on the other side. Fails with -ENOMEM.
int work_put_modules(struct work_memory *memory, const struct snapshot *snapshot);

// Puts which of those modules are not to be named, as in struct work.
// Fails with -ENOMEM.
int work_put_unnamed(struct work_memory *memory, const bool *unnamed);

// Makes memory present for COUNT threads, which are to be put next.
void work_expect(const struct work_memory *memory, size_t count);

// Puts SNAPSHOT's threads that are not proven yet (snapshot_is_unproven()), as if they were
// captured, and no others; the stacks are in the room for them. Once for its modules. Fails with
// -ENOMEM.
int work_put_unproven(struct work_memory *memory, const struct snapshot *snapshot);

// Puts SNAPSHOT's threads and stacks; they are not copied when they are in the room for them, nor
// are the threads when all are as they were put when they were not proven yet. Fails with -ENOMEM.
int work_put_threads(struct work_memory *memory, const struct snapshot *snapshot);
