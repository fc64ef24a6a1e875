// SPDX-License-Identifier: GPL-2.0-or-later
// Having state files read by a process without privileges.
//
// Theory of operation. The files' contents are put into memory that is shared with a forked child,
// which gives up everything (sandbox.h), parses one after the other, and puts records beside them;
// the child writes at which file it is. When it has ended, the records are copied and checked. A
// file that ends the child, or holds it for too long, costs itself: another child goes on behind
// it. Whoever has deceived a child may say anything of all that it was given: so files of different
// owners are given to different ones.
#pragma once

#include "error.h"
#include "staterecord.h"

#include <stddef.h>
#include <sys/types.h>

enum { STATE_FILES_MAX = 4096, STATE_RECORDS_MAX = 16384 };

// What the child works on: all of it is in the shared memory.
struct state_work {
	pid_t keeper;
	uint32_t first, count; // of the files that are to be read
	struct {
		enum state_kind kind;
		size_t at, len; // of its contents, in data
	} files[STATE_FILES_MAX];
	volatile uint32_t current;      // which file the child reads
	volatile uint32_t record_count; // that it has put
	struct state_record records[STATE_RECORDS_MAX];
	char data[];
};

struct state_reader {
	struct state_work *work; // or NULL
	size_t used;             // of its data
	int (*live)(struct state_work *work);
};

// Makes *RET ready; LIVE is what the child does. Fails with ERROR_SYSTEM.
int state_reader_open(
	int (*live)(struct state_work *work), struct state_reader *ret, struct error *err);

// Accepts a zeroed one.
void state_reader_close(struct state_reader *reader);

// Adds the rest of FD, a file of KIND. Returns its index; -ENOBUFS when there is no room for it
// before state_reader_run(); -EFBIG when it is too long, or -errno of read(2).
int state_reader_add(struct state_reader *reader, enum state_kind kind, int fd);

// Reads all files that were added and calls TAKE for each record, in their order; none is left
// then. A file that could not be read to its end gives a record with a trouble. Fails with
// ERROR_SYSTEM when there can be no child.
int state_reader_run(struct state_reader *reader,
	void (*take)(void *arg, const struct state_record *record), void *arg, struct error *err);
