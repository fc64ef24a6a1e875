// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of /proc/locks, proc_locks(5).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum lockrow_kind {
	LOCKROW_OTHER, // a lease, a delegation
	LOCKROW_FLOCK,
	LOCKROW_POSIX, // fcntl(2), of a process
	LOCKROW_OFD,   // fcntl(2), of an open file: whose it is, is not told
};

struct lockrow {
	uint64_t id;  // those that wait have that of the lock that they wait for
	bool waiting; // not held
	enum lockrow_kind kind;
	bool write;
	int64_t pid; // of the process, in the reader's PID namespace; -1: none
	uint64_t inode;
};

// Finds the next row from *CURSOR on, before END, and moves *CURSOR behind it. Returns false at the
// end.
bool lockrow_next(const char **cursor, const char *end, struct lockrow *ret);
