// SPDX-License-Identifier: GPL-2.0-or-later
// Proving that several threads are blocked at one moment. Each of them was captured at a moment of
// its own, so that each waits for the next says nothing of a deadlock yet: they may have done so
// one after the other.
//
// Theory of operation. Of each thread the system call and the number of context switches are read;
// then the words that they wait on; then the same of each thread again. Whoever is in the same
// system call, with as many switches as before, was blocked all the time between (nostop.h): so
// there is a moment at which all were, and the words, which only they would change, hold for it.
#pragma once

#include "snapshot.h"
#include "target.h"

// Proves it of the COUNT threads INDICES of SNAPSHOT, of TARGET: they are marked (wait.proven).
// Each must still wait in the system call that it was captured in, for a lock with the same words.
// Returns whether it was proven.
bool still_prove(const struct target *target, struct snapshot *snapshot, const size_t *indices,
	size_t count);
