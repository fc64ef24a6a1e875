// SPDX-License-Identifier: GPL-2.0-or-later
// Why threads wait: a part of the snapshot. Rows refer to each other and to texts by number, so
// that they can be written by another process, and to a file.
#pragma once

#include "calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum context_kind {
	CONTEXT_UNKNOWN, // it could not be looked at, or is not open any more
	CONTEXT_PATH,    // a file, a directory or a device that has a name
	CONTEXT_FIFO,
	CONTEXT_PIPE,
	CONTEXT_SOCKET,
	CONTEXT_EPOLL,
	CONTEXT_EVENTFD,
	CONTEXT_TIMERFD,
	CONTEXT_SIGNALFD,
	CONTEXT_INOTIFY,
	CONTEXT_PIDFD,
	CONTEXT_OTHER, // something else without a name
	CONTEXT_KIND_COUNT,
};

// The word for KIND in the JSON output ("socket").
const char *context_kind_name(enum context_kind kind);

// A process at the other end, or one that holds a lock.
struct context_peer {
	uint32_t pid;
	uint32_t name; // a text
};

// Rows FIRST to FIRST + COUNT of another table, and how many more there were.
struct context_range {
	uint32_t first, count, more;
};

// An open file. Texts are as the target sees them, any bytes.
struct context_file {
	uint32_t fd;
	uint32_t events; // that are waited for, of a watched or polled file, as in poll(2)
	uint8_t kind;    // enum context_kind
	bool other;      // the watched file is another than the one that has its number now
	uint32_t path;   // a text: as a link in /proc/PID/fd tells it
	uint32_t protocol, local, remote, state; // texts, of a socket
	uint32_t detail;                         // a text: what else is known
	struct context_range watched;            // files, of an epoll instance
	struct context_range peers; // who has the other end open; of a lock: who holds it
};

// Of one thread.
struct context_wait {
	// While it is in restart_syscall(2): the system call that goes on so; 0: not known.
	uint64_t restarts;
	// What the arguments point to: bytes in the snapshot's stacks, of each argument in turn.
	size_t offset;
	uint32_t lens[CALL_ARGS];
	struct context_range files;   // that it waits for
	struct context_range holders; // peers: who holds the lock on a file that it waits for
	uint32_t kernel;              // a text: its stack in the kernel, as in /proc/PID/stack
	uint32_t cpu;                 // that it runs on, and one more; 0: not known
	uint32_t cpu_ms;              // of processor time that it has used so far
	bool used_known;              // whether that is known
	bool waited_known;            // and what follows
	uint64_t waited_ms;           // for how long it has been blocked
	bool proven; // blocked at one moment with all others of its process that are so marked
};

struct context {
	struct context_file *files;
	size_t file_count;
	struct context_peer *peers;
	size_t peer_count;
	char *texts; // each ends with a NUL; the one at 0 is empty
	size_t texts_len;
	uint32_t kernel_errnum; // why there are no kernel stacks; 0: nothing failed
};

// The text at INDEX of CONTEXT; empty when there is none.
const char *context_text(const struct context *context, uint32_t index);

// True when everything that the rows of CONTEXT refer to is there, for one that comes from a file.
// A watched file watches nothing itself.
bool context_is_sound(const struct context *context);

// True when what WAIT refers to is in CONTEXT.
bool context_has(const struct context *context, const struct context_wait *wait);

// Frees all. Accepts one that is {0}.
void context_fini(struct context *context);
