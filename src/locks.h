// SPDX-License-Identifier: GPL-2.0-or-later
// What locks of C libraries, and of the kernel, threads wait for, and who holds them.
//
// Theory of operation. A thread that waits in futex(2) tells an address; what lies there is a lock
// of a library only when a function of that library, by whose name its layout is known, waits
// there. So it takes names, and words that were copied with the thread. Nothing is said of any
// other lock: those of Go and of Rust do not tell who holds them. Who holds a lock is a fact of the
// moment at which its waiter was captured, each thread at its own. A cycle is a deadlock only when
// it is proven that all of its threads waited at one moment (attach/still.h).
#pragma once

#include "snapshot.h"
#include "stacks.h"

enum lock_kind {
	LOCK_NONE, // it waits for nothing that is known
	LOCK_MUTEX,
	LOCK_RWLOCK,
	LOCK_PI, // a futex of the kernel's priority inheritance
	LOCK_CONDITION,
	LOCK_SEMAPHORE,
	LOCK_BARRIER,
	LOCK_THREAD, // the end of a thread
	LOCK_KIND_COUNT,
};

// What KIND is called ("mutex"), also in the JSON output.
const char *lock_kind_name(enum lock_kind kind);

// What one thread waits for.
struct lock {
	enum lock_kind kind;
	uint64_t addr;   // the futex word's
	bool is_free;    // nobody holds it any more: the thread is just being woken
	uint32_t ns_tid; // of the thread that holds it, or that is waited for, in the target's PID
			 // namespace; 0: not known
	size_t owner;    // the same as a number of a thread; LOCK_NO_THREAD: none of the snapshot's
};

static const size_t LOCK_NO_THREAD = SIZE_MAX;

// A chain of threads each of which waits for the next, and the last for the first.
struct deadlock {
	size_t first, count; // in the table's cycles
};

struct locks {
	struct lock *locks; // parallel to the snapshot's threads
	size_t thread_count;
	size_t *cycles; // numbers of threads
	struct deadlock *deadlocks;
	size_t deadlock_count;
};

// Finds what the threads of SNAPSHOT, with their STACKS, wait for, and all cycles, into *RET, for
// locks_fini(). Fails with -ENOMEM; *RET is then empty.
int locks_find(const struct snapshot *snapshot, const struct stacks *stacks, struct locks *ret);

// Forgets the cycles of LOCKS that SNAPSHOT does not prove.
void locks_keep_proven(struct locks *locks, const struct snapshot *snapshot);

// Frees all. Accepts one that is {0}.
void locks_fini(struct locks *locks);

#define auto_locks __attribute__((cleanup(locks_fini)))
