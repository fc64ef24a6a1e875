// SPDX-License-Identifier: GPL-2.0-or-later
// The one error object: owned by the caller, of fixed size because it crosses a pipe from forked
// children.
#pragma once

#include <stdbool.h>

// What went wrong, as far as the exit status depends on it.
enum error_kind {
	ERROR_NONE,           // nothing failed yet
	ERROR_USAGE,          // the user's words make no sense
	ERROR_TARGET,         // the target does not exist, or cannot be one
	ERROR_SYSTEM,         // a system call or a library refused
	ERROR_NOT_EXECUTABLE, // the command was found but cannot be executed
	ERROR_NOT_FOUND,      // the command was not found
};

struct error {
	enum error_kind kind;
	int errnum;         // positive errno
	char message[2880]; // one line, without "nspeek: "
	char hint[512];     // one line, empty when no cause is known
};

// Fills *ERR (unless it is already filled: the first failure is the cause; a caller that knows
// better has to empty it first, and say why) with the formatted message and returns -ERRNUM. ERR
// may be NULL.
int fail(struct error *err, enum error_kind kind, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

// As fail(), of kind ERROR_SYSTEM, with the message "WHAT failed on SUBJECT: strerror(ERRNUM)".
int fail_sys(struct error *err, int errnum, const char *what, const char *subject_format, ...)
	__attribute__((format(printf, 4, 5)));

// Adds the formatted hint to *ERR, unless it has one. Returns -err->errnum, for use in a return.
int error_hint(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Appends the formatted text to the message of *ERR, which is filled, as far as there is room.
// Returns -err->errnum, for use in a return.
int error_append(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Empties *ERR.
void error_clear(struct error *err);

// True when ERR holds strings that end and a kind that exists; for one that came through a pipe.
bool error_is_valid(const struct error *err);
