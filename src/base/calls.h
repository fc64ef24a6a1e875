// SPDX-License-Identifier: GPL-2.0-or-later
// What the arguments of system calls are: one table, by which they are copied, described and shown.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CALL_ARGS = 6 };

// What an argument is. Those from CALL_ARG_PATH on point to memory.
enum call_arg {
	CALL_ARG_NONE,   // there is none, and none behind it
	CALL_ARG_HEX,    // anything else: flags, numbers of ioctl(2)
	CALL_ARG_MEMORY, // a pointer to what is not copied
	CALL_ARG_INT,
	CALL_ARG_SIZE,
	CALL_ARG_FD,
	CALL_ARG_DIRFD,  // or AT_FDCWD
	CALL_ARG_MS,     // a time in milliseconds; negative: for ever
	CALL_ARG_PID,    // as wait4(2) takes it
	CALL_ARG_IDTYPE, // P_ALL ...
	CALL_ARG_CLOCK,
	CALL_ARG_FUTEX_OP,
	CALL_ARG_FLOCK, // LOCK_EX ...
	CALL_ARG_FCNTL, // F_SETLKW ...
	CALL_ARG_PATH,
	CALL_ARG_TIMESPEC, // a time or a duration; NULL: for ever
	CALL_ARG_TIMEVAL,
	CALL_ARG_POLLFDS, // as many as the next argument says
	CALL_ARG_FDSET,   // of as many bits as the first argument says
	CALL_ARG_SIGSET,
	CALL_ARG_SOCKADDR,   // of as many bytes as the next argument says
	CALL_ARG_FILE_LOCK,  // a struct flock
	CALL_ARG_FUTEX_WORD, // and what lies around it
};

struct call {
	uint8_t args[CALL_ARGS]; // enum call_arg
};

// What is known of system call NR of this machine. Of one that the table does not have, all
// arguments are CALL_ARG_HEX.
const struct call *call_of(uint64_t nr);

enum {
	CALL_POLLFDS_MAX = 64,  // that are copied
	CALL_FDSET_BITS = 1024, // the same
	CALL_WORD_BEFORE = 16,  // bytes copied before a futex word,
	CALL_WORD_LEN = 64,     // and in all
	CALL_PAGE = 4096,       // which of any machine is no smaller
};

struct call_region {
	uint64_t addr;
	size_t len; // 0: nothing
};

// What is to be copied of the memory that argument INDEX of system call NR points to. Where it
// might not be as long as that, it is not copied over the end of a page.
struct call_region call_region_of(uint64_t nr, const uint64_t args[CALL_ARGS], size_t index);

// How many bytes of what was copied for it by call_region_of() are before the futex word ADDR.
size_t call_word_offset(uint64_t addr);

// The system call that restart_syscall(2) goes on with, by the CALL_CODE_LEN bytes of CODE before
// the program counter: the number that was loaded right before the instruction that calls. 0: it is
// not told there. Source: who sets a restart_block in the kernel.
enum { CALL_CODE_LEN = 8 };
uint64_t call_restarted(const unsigned char code[CALL_CODE_LEN]);

struct call_pollfd {
	int32_t fd; // negative: poll(2) passes over it
	uint16_t events;
};

// Takes row INDEX out of LEN bytes of struct pollfd. Returns whether there is such a row.
bool call_pollfd_of(const unsigned char *bytes, size_t len, size_t index, struct call_pollfd *ret);

// The first fd from *FD on in a set of LEN bytes, into *FD. Returns whether there is one.
bool call_fdset_next(const unsigned char *bytes, size_t len, int *fd);
