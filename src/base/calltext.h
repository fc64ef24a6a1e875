// SPDX-License-Identifier: GPL-2.0-or-later
// Arguments of system calls in words.
#pragma once

#include "calls.h"

// A system call, and which of its arguments is meant.
struct calltext {
	uint64_t nr;
	const uint64_t *args; // CALL_ARGS
	size_t index;
	const unsigned char *bytes; // that it points to, as far as they were copied
	size_t len;
};

// Writes the argument to BUFFER of SIZE bytes, at least 64, cut where it does not fit. Returns
// BUFFER. Paths and names in it are the target's: any bytes.
char *calltext_of(const struct calltext *arg, char *buffer, size_t size);

// Writes the EVENTS of poll(2) and epoll(7) to BUFFER of SIZE bytes: "IN|OUT". Returns BUFFER.
char *calltext_events(uint32_t events, char *buffer, size_t size);
