// SPDX-License-Identifier: GPL-2.0-or-later
// The other stack of a thread of a Go program. Its runtime runs C code, the vDSO and its scheduler
// on the thread's own stack, and the program's functions on those of goroutines, which lie in Go's
// heap.
//
// Theory of operation. Where a chain goes on from one to the other is told in a frame between. A
// call of C leaves the goroutine there, and how far below the end of its stack the call was; the
// goroutine begins with the bounds of its stack. All else leaves a frame pointer.
#pragma once

#include "plan.h"

// True when the process of SNAPSHOT, whose maps are read, has Go's heap where every Go program for
// a machine of 64 bits asks for it. Source: Go's runtime, malloc.go.
bool gostack_is_go(const struct snapshot *snapshot);

// Looks through what was copied of the stack of THREAD for what leads to another stack: a call of
// C, else a frame pointer to memory that was not copied, where a return address lies behind it.
// Returns where to copy that stack from, with how many bytes at most in *RET_LEN (those of a
// goroutine that has called C end where its stack does), or 0 when there is none. It is only as
// true as the target: it has to be checked like any address.
uint64_t gostack_find(
	const struct plan *plan, const struct snapshot_thread *thread, size_t *ret_len);
