// SPDX-License-Identifier: GPL-2.0-or-later
// The memory into which a child writes what threads wait for, and which its parent reads when the
// child has ended, also when it was killed: counts and ranges are set after the rows that they say
// are there.
#pragma once

#include "snapshot.h"
#include "target.h"
#include "waited_clocks.h"

enum {
	CONTEXT_FILES_MAX = 4096,     // rows
	CONTEXT_PEERS_MAX = 4096,     // rows
	CONTEXT_TEXTS_MAX = 16 << 20, // bytes
	CONTEXT_LIST_MAX = 64,        // files that one thread waits for, or one epoll watches
	CONTEXT_PEER_MAX = 8,         // processes at the other end of one file that are named
	CONTEXT_ENDS_MAX = 256,       // files whose other end is looked for
	CONTEXT_ROOT_SIZE = 4096,
};

struct context_room {
	uint32_t file_count, peer_count, texts_len;
	uint32_t kernel_errnum;
	struct waited_clocks clocks; // that were seen
	struct context_file files[CONTEXT_FILES_MAX];
	struct context_peer peers[CONTEXT_PEERS_MAX];
	char texts[CONTEXT_TEXTS_MAX];
	struct context_wait waits[]; // parallel to the snapshot's threads
};

// One of the two ends of a pipe, a FIFO or a socket.
struct context_end {
	uint32_t file;      // its row
	uint64_t inode;     // of the pipe or FIFO, or of this socket
	bool reads, writes; // what is done at the other end, of a pipe or FIFO
	uint32_t link;      // of a FIFO: a text, its path as we see it
};

// What the child is about.
struct context_run {
	const struct target *target;
	const struct snapshot *snapshot;
	int index_fd; // see fdindex.h; negative: what is looked for is for this process alone
	bool kernel;  // kernel stacks and used processor time are wanted too
	uint64_t deadline_us;
	bool epoll_held;              // the lock of an epoll instance may be held for ever
	char root[CONTEXT_ROOT_SIZE]; // the target's, as we see it; empty: not known
	struct context_room *room;
	struct context_end ends[CONTEXT_ENDS_MAX]; // whose other ends are looked for
	size_t end_count;
};

// True when RUN has no time left.
bool context_is_late(const struct context_run *run);

// Adds LEN bytes of TEXT to ROOM, up to the first NUL. Returns its number, 0 when it is empty or
// there is no room.
uint32_t context_add_text(struct context_room *room, const char *text, size_t len);

// Adds COUNT rows of files, all zero. Returns the first, or NULL when there is no room.
struct context_file *context_add_files(struct context_room *room, size_t count);

// Adds process PID, with its name, as a peer. Returns false when there is no room.
bool context_add_peer(struct context_room *room, uint32_t pid);
