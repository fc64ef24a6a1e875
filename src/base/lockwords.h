// SPDX-License-Identifier: GPL-2.0-or-later
// Who holds a lock, by its words in the target's memory, which may hold anything: whoever asks must
// know from elsewhere that they are those of such a lock.
#pragma once

#include <stddef.h>
#include <stdint.h>

// What was copied around the word that a thread waits on.
struct lockwords {
	const unsigned char *bytes;
	size_t len;
	size_t word;   // where in them that word is
	uint64_t addr; // and where in the target
};

enum lock_state {
	LOCK_UNKNOWN, // the words are none of such a lock, or do not tell
	LOCK_FREE,    // nobody holds it: who waits is just being woken
	LOCK_HELD,    // by the owner
};

struct lock_holder {
	enum lock_state state;
	uint32_t tid; // LOCK_HELD: the owner, in the target's PID namespace
};

// Of a mutex of the GNU C library, which is waited for at its first word. Source: nptl, struct
// __pthread_mutex_s, the same for x86-64 and aarch64 since its version 2.3.
struct lock_holder lockwords_glibc_mutex(const struct lockwords *words);

// Of a read-write lock of the GNU C library: only one that is held for writing has an owner.
// Source: nptl, struct __pthread_rwlock_arch_t: these words are where they were before 2.25 too.
struct lock_holder lockwords_glibc_rwlock(const struct lockwords *words);

// Of a mutex of musl, which notes the owner of those only that are recursive, check for errors, or
// are robust. Source: src/internal/pthread_impl.h.
struct lock_holder lockwords_musl_mutex(const struct lockwords *words);

// Of a futex of the operations FUTEX_LOCK_PI and FUTEX_LOCK_PI2: the kernel itself goes by its
// word. Source: futex(2).
struct lock_holder lockwords_pi(const struct lockwords *words);
