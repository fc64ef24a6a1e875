// SPDX-License-Identifier: GPL-2.0-or-later
// Where the runtime of a Go program keeps its goroutines.
//
// Theory of operation. A stripped program has no symbols of variables. But its function table names
// the functions that use them, and these refer to them by constants in their code: so the
// candidates for the list of all goroutines are what runtime.allgadd refers to, and for the words
// that say what one waits for, what runtime.goroutineheader does. Which of them it is, and whether
// goroutines look as they did in the program's version of Go, is then seen from what is in memory:
// every one of them must be one (parked.h).
#pragma once

#include "space.h"

// Where fields of a goroutine are: of struct g in Go's runtime2.go.
struct goruntime_layout {
	unsigned first, last;                               // of the versions 1.N that have it
	uint16_t sp, pc, self, bp, status, id, since, wait; // offsets in bytes
};

enum {
	GORUNTIME_G_LEN = 192, // bytes of a goroutine that hold them all
	GORUNTIME_CANDIDATES_MAX = 64,
};

struct goruntime {
	const struct goruntime_layout *layout;
	uint64_t lists[GORUNTIME_CANDIDATES_MAX]; // addresses that may be of runtime.allgs
	size_t list_count;
	uint64_t words[GORUNTIME_CANDIDATES_MAX]; // and of runtime.waitReasonStrings
	size_t word_count;
};

// True when the process of SPACE has Go's heap where every Go program for a machine of 64 bits has
// it. Source: Go's runtime, malloc.go.
bool goruntime_is_there(struct space *space);

// The layout of version 1.VERSION, or NULL: it is not known.
const struct goruntime_layout *goruntime_layout(unsigned version);

// Looks for Go's runtime among the modules of SPACE that are open already, into *RET. Returns
// NULL, or why goroutines cannot be found.
const char *goruntime_find(struct space *space, struct goruntime *ret);
