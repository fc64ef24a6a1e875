// SPDX-License-Identifier: GPL-2.0-or-later
// What /proc says of each process of a container.
//
// Theory of operation. Reading the command line of a process takes as long as the process likes
// (it waits for a lock of its memory, and faults pages in: userfaultfd(2), FUSE), all else of /proc
// that is read here does not. So a child reads, and writes what it finds into memory that it shares
// with us, row by row; one that does not come past a process is killed, and the next goes on behind
// that, whose command line is then not known. After a few of these no command line is waited for
// any more. A process is pinned before it is looked at (target.h), and is asked afterwards whether
// it is in the container; one that has ended meanwhile is no row.
#pragma once

#include "members.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROCESS_WORDS_MAX = 64 << 10,    // bytes of one command line
	PROCESS_ALL_WORDS_MAX = 64 << 20 // of all of them
};

enum process_words {
	PROCESS_WORDS_UNKNOWN, // could not be read
	PROCESS_WORDS_CUT,     // there are more than could be kept
	PROCESS_WORDS_WHOLE,
};

struct process_row {
	pid_t pid;
	struct proc_status status; // of its main thread; the state and the memory of another one,
				   // if that has exited
	uint64_t pidfd_inode;      // 0: not known
	uint64_t start_ticks;      // clock ticks since the host was booted
	uint64_t cpu_ticks;        // of processor time
	uint64_t pid_ns, user_ns;  // inodes; 0: not known
	enum process_words words_known; // of the command line:
	uint32_t words_len;
	size_t words_at; // in the texts of struct processes; words are ended by NUL
};

struct processes {
	struct process_room *room;      // what the rows are in
	const struct process_row *rows; // ascending by PID
	const char *texts;
	size_t count;
	size_t unread;     // processes that could not be looked at
	int unread_errnum; // why, of one of them
};

// Reads the row of TARGET, but for its command line, into *RET. Fails with -errno.
int process_row_read(const struct target *target, struct process_row *ret);

// Reads the command line of TARGET into BUFFER of SIZE bytes, without NULs at its end, and its
// length into *RET_LEN. A process that has none, as a zombie, has length 0. May block as long as
// the target likes.
enum process_words process_words_read(
	const struct target *target, char *buffer, size_t size, uint32_t *ret_len);

// Reads all that MEMBERS lists into *RET. Fails with ERROR_SYSTEM; nothing is left then.
int processes_read(struct members *members, struct processes *ret, struct error *err);

// Accepts one that is {0}.
void processes_fini(struct processes *processes);

#define auto_processes __attribute__((cleanup(processes_fini)))
