// SPDX-License-Identifier: GPL-2.0-or-later
// Words of locks.
#include "lockwords.h"

#include <stdbool.h>
#include <string.h>

static const uint32_t TID_MASK = 0x3fffffff; // FUTEX_TID_MASK

// The word AT bytes behind the one that is waited on, which may be negative.
static bool word_at(const struct lockwords *words, int at, uint32_t *ret)
{
	if (at < 0 && words->word < (size_t)-at)
		return false;
	size_t offset = at < 0 ? words->word - (size_t)-at : words->word + (size_t)at;
	if (offset > words->len || words->len - offset < sizeof(*ret))
		return false;
	memcpy(ret, words->bytes + offset, sizeof(*ret));
	return true;
}

static struct lock_holder held_by(uint32_t tid)
{
	return (struct lock_holder){tid ? LOCK_HELD : LOCK_UNKNOWN, tid};
}

struct lock_holder lockwords_glibc_mutex(const struct lockwords *words)
{
	enum { OWNER = 8, KIND = 16 };
	// nptl/pthreadP.h
	enum { ROBUST = 16, INHERIT = 32, KINDS = 0x3ff };
	uint32_t lock, owner, kind;

	if (words->addr % 8 != 0 || !word_at(words, 0, &lock) || !word_at(words, OWNER, &owner) ||
		!word_at(words, KIND, &kind) || (kind & ~(uint32_t)KINDS))
		return held_by(0);
	if (lock == 0)
		return (struct lock_holder){.state = LOCK_FREE};
	if (kind & (ROBUST | INHERIT))
		return held_by(lock & TID_MASK);
	return held_by(owner);
}

struct lock_holder lockwords_glibc_rwlock(const struct lockwords *words)
{
	// Readers wait for the word 8 bytes behind the beginning, writers also for that at 12.
	int begin = words->addr % 8 == 0 ? -8 : -12;
	enum { WRITER = 24 };
	uint32_t writer;

	if (words->addr % 4 != 0 || !word_at(words, begin + WRITER, &writer))
		return held_by(0);
	return held_by(writer);
}

struct lock_holder lockwords_musl_mutex(const struct lockwords *words)
{
	enum { TYPE = -4, TYPES = 15, KNOWN = 0xff };
	uint32_t lock, type;

	if (words->addr % 8 != 4 || !word_at(words, 0, &lock) || !word_at(words, TYPE, &type) ||
		(type & ~(uint32_t)KNOWN))
		return held_by(0);
	if (lock == 0)
		return (struct lock_holder){.state = LOCK_FREE};
	if ((type & TYPES) == 0)
		return held_by(0);
	return held_by(lock & TID_MASK);
}

struct lock_holder lockwords_pi(const struct lockwords *words)
{
	uint32_t lock;

	if (!word_at(words, 0, &lock))
		return held_by(0);
	if ((lock & TID_MASK) == 0)
		return (struct lock_holder){.state = LOCK_FREE};
	return held_by(lock & TID_MASK);
}
