// SPDX-License-Identifier: GPL-2.0-or-later
// Words of locks. Those of this C library are made by itself.
#include "lockwords.h"
#include "unit.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct lockwords words_of(const void *bytes, size_t len, size_t word, uint64_t addr)
{
	return (struct lockwords){bytes, len, word, addr};
}

static void check_holder(struct lock_holder holder, enum lock_state state, uint32_t tid)
{
	check_int(holder.state, state);
	check_int(holder.tid, tid);
}

#if defined(__GLIBC__)
static const struct {
	int type, protocol, robust;
} mutexes[] = {
	{PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED},
	{PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED},
	{PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED},
	{PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED},
	{PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST},
	{PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED},
	{PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST},
};

Test(lockwords, mutexes_of_this_library)
{
	uint32_t tid = (uint32_t)syscall(SYS_gettid);

	for (size_t i = 0; i < sizeof(mutexes) / sizeof(mutexes[0]); i++) {
		pthread_mutexattr_t attr;
		pthread_mutex_t mutex;
		pthread_mutexattr_init(&attr);
		pthread_mutexattr_settype(&attr, mutexes[i].type);
		check_int(pthread_mutexattr_setprotocol(&attr, mutexes[i].protocol), 0);
		check_int(pthread_mutexattr_setrobust(&attr, mutexes[i].robust), 0);
		pthread_mutex_init(&mutex, &attr);
		struct lockwords words = words_of(&mutex, sizeof(mutex), 0, 0x1000);
		check_holder(lockwords_glibc_mutex(&words), LOCK_FREE, 0);
		check_int(pthread_mutex_lock(&mutex), 0);
		check_holder(lockwords_glibc_mutex(&words), LOCK_HELD, tid);
		if (mutexes[i].protocol == PTHREAD_PRIO_INHERIT)
			check_holder(lockwords_pi(&words), LOCK_HELD, tid);
		pthread_mutex_unlock(&mutex);
		check_holder(lockwords_glibc_mutex(&words), LOCK_FREE, 0);
	}
}

Test(lockwords, read_write_locks_of_this_library)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	uint32_t tid = (uint32_t)syscall(SYS_gettid);

	for (size_t word = 8; word <= 12; word += 4) {
		struct lockwords words = words_of(&lock, sizeof(lock), word, 0x1000 + word);
		check_holder(lockwords_glibc_rwlock(&words), LOCK_UNKNOWN, 0);
		pthread_rwlock_rdlock(&lock);
		check_holder(lockwords_glibc_rwlock(&words), LOCK_UNKNOWN, 0);
		pthread_rwlock_unlock(&lock);
		pthread_rwlock_wrlock(&lock);
		check_holder(lockwords_glibc_rwlock(&words), LOCK_HELD, tid);
		pthread_rwlock_unlock(&lock);
	}
}
#endif

Test(lockwords, what_is_no_mutex_of_glibc)
{
	uint32_t mutex[] = {2, 0, 4711, 1, 0};
	struct lockwords words = words_of(mutex, sizeof(mutex), 0, 0x1000);

	check_holder(lockwords_glibc_mutex(&words), LOCK_HELD, 4711);
	words.addr = 0x1004;
	check_holder(lockwords_glibc_mutex(&words), LOCK_UNKNOWN, 0);
	words.addr = 0x1000;
	for (words.len = 0; words.len < sizeof(mutex); words.len++)
		check_holder(lockwords_glibc_mutex(&words), LOCK_UNKNOWN, 0);
	mutex[4] = 0x400;
	check_holder(lockwords_glibc_mutex(&words), LOCK_UNKNOWN, 0);
	mutex[4] = 0;
	mutex[2] = 0;
	check_holder(lockwords_glibc_mutex(&words), LOCK_UNKNOWN, 0);
}

Test(lockwords, mutexes_of_musl)
{
	// The word that is waited on is the second; a thread that waits has set its highest bit.
	uint32_t mutex[] = {2, 0x80000000 | 4711};
	struct lockwords words = words_of(mutex, sizeof(mutex), 4, 0x1004);

	check_holder(lockwords_musl_mutex(&words), LOCK_HELD, 4711);
	mutex[0] = 0; // of the plain type: only that it is locked
	mutex[1] = 0x80000010;
	check_holder(lockwords_musl_mutex(&words), LOCK_UNKNOWN, 0);
	mutex[1] = 0;
	check_holder(lockwords_musl_mutex(&words), LOCK_FREE, 0);
	mutex[0] = 0x100;
	check_holder(lockwords_musl_mutex(&words), LOCK_UNKNOWN, 0);
	words.word = 0; // what is before it was not copied
	check_holder(lockwords_musl_mutex(&words), LOCK_UNKNOWN, 0);
}

Test(lockwords, outside_of_what_was_copied)
{
	uint32_t bytes[4] = {1, 1, 1, 1};

	for (size_t word = 0; word < 100; word++) {
		struct lockwords words = words_of(bytes, sizeof(bytes), word, 0x1000 + word);
		lockwords_glibc_mutex(&words);
		lockwords_glibc_rwlock(&words);
		lockwords_musl_mutex(&words);
		check_int(lockwords_pi(&words).state, word <= 12 ? LOCK_HELD : LOCK_UNKNOWN);
	}
}
