// SPDX-License-Identifier: GPL-2.0-or-later
// From names and words to owners, and from owners to cycles.
#include "locks.h"

#include "cleanup.h"
#include "frameview.h"
#include "lockwords.h"

#include <asm/unistd.h>
#include <linux/futex.h>
#include <string.h>

enum { FRAMES_SEARCHED = 8, OP_LOCK_PI2 = 13 };

const char *lock_kind_name(enum lock_kind kind)
{
	static const char *const names[LOCK_KIND_COUNT] = {
		[LOCK_MUTEX] = "mutex",
		[LOCK_RWLOCK] = "rwlock",
		[LOCK_PI] = "pi-futex",
		[LOCK_CONDITION] = "condition",
		[LOCK_SEMAPHORE] = "semaphore",
		[LOCK_BARRIER] = "barrier",
		[LOCK_THREAD] = "thread",
	};

	return names[kind];
}

// Functions that wait, without the underscores that some of their names begin with.
static const struct {
	const char *name;
	enum lock_kind kind;
} functions[] = {
	{"pthread_mutex_lock", LOCK_MUTEX},
	{"pthread_mutex_timedlock", LOCK_MUTEX},
	{"pthread_mutex_clocklock", LOCK_MUTEX},
	{"pthread_mutex_cond_lock", LOCK_MUTEX},
	{"pthread_mutex_lock_full", LOCK_MUTEX},
	{"pthread_mutex_cond_lock_full", LOCK_MUTEX},
	{"pthread_mutex_clocklock_common", LOCK_MUTEX},
	{"pthread_rwlock_rdlock", LOCK_RWLOCK},
	{"pthread_rwlock_timedrdlock", LOCK_RWLOCK},
	{"pthread_rwlock_clockrdlock", LOCK_RWLOCK},
	{"pthread_rwlock_wrlock", LOCK_RWLOCK},
	{"pthread_rwlock_timedwrlock", LOCK_RWLOCK},
	{"pthread_rwlock_clockwrlock", LOCK_RWLOCK},
	{"pthread_cond_wait", LOCK_CONDITION},
	{"pthread_cond_timedwait", LOCK_CONDITION},
	{"pthread_cond_clockwait", LOCK_CONDITION},
	{"sem_wait", LOCK_SEMAPHORE},
	{"sem_timedwait", LOCK_SEMAPHORE},
	{"sem_clockwait", LOCK_SEMAPHORE},
	{"new_sem_wait", LOCK_SEMAPHORE},
	{"new_sem_wait_slow64", LOCK_SEMAPHORE},
	{"pthread_barrier_wait", LOCK_BARRIER},
};

enum library { LIBRARY_UNKNOWN, LIBRARY_GLIBC, LIBRARY_MUSL };

// By which a static program shows which library it has: functions below those above, and some of
// them.
static const struct {
	const char *name;
	enum library library;
} inner_functions[] = {
	{"lll_lock_wait", LIBRARY_GLIBC},
	{"lll_lock_wait_private", LIBRARY_GLIBC},
	{"futex_abstimed_wait", LIBRARY_GLIBC},
	{"futex_abstimed_wait64", LIBRARY_GLIBC},
	{"futex_abstimed_wait_common", LIBRARY_GLIBC},
	{"futex_abstimed_wait_common64", LIBRARY_GLIBC},
	{"futex_abstimed_wait_cancelable64", LIBRARY_GLIBC},
	{"futex_lock_pi64", LIBRARY_GLIBC},
	{"futex_wait", LIBRARY_GLIBC},
	{"pthread_mutex_lock_full", LIBRARY_GLIBC},
	{"pthread_mutex_cond_lock_full", LIBRARY_GLIBC},
	{"pthread_mutex_clocklock_common", LIBRARY_GLIBC},
	{"timedwait", LIBRARY_MUSL},
	{"timedwait_cp", LIBRARY_MUSL},
};

// True when SYMBOL is NAME, but for what libraries put before the names of their own copies, and
// for a version, or what the compiler puts, behind it.
static bool is_function(const char *symbol, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(symbol, "__GI_", 5) == 0)
		symbol += 5;
	symbol += strspn(symbol, "_");
	return strncmp(symbol, name, len) == 0 &&
	       (symbol[len] == '\0' || symbol[len] == '@' || symbol[len] == '.');
}

static enum library library_by_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (strncmp(name, "libc.so.6", 9) == 0 || strncmp(name, "libc-2.", 7) == 0 ||
		strncmp(name, "libpthread", 10) == 0)
		return LIBRARY_GLIBC;
	if (strncmp(name, "ld-musl-", 8) == 0 || strncmp(name, "libc.musl-", 10) == 0 ||
		strcmp(name, "libc.so") == 0)
		return LIBRARY_MUSL;
	return LIBRARY_UNKNOWN;
}

// What a thread waits in.
struct waiting {
	enum lock_kind kind;
	enum library library;
};

// What a function's name says; of each it is looked at once, since threads share most of them.
struct meaning {
	bool known;
	struct waiting waiting;
};

struct search {
	const struct snapshot *snapshot;
	const struct stacks *stacks;
	struct meaning *meanings; // parallel to the symbols
};

static struct waiting meaning_of(const struct search *search, size_t symbol)
{
	struct meaning *meaning = &search->meanings[symbol];
	const char *name = search->stacks->symbols[symbol].name;

	if (meaning->known)
		return meaning->waiting;
	meaning->known = true;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (is_function(name, functions[i].name))
			meaning->waiting.kind = functions[i].kind;
	for (size_t i = 0; i < sizeof(inner_functions) / sizeof(inner_functions[0]); i++)
		if (is_function(name, inner_functions[i].name))
			meaning->waiting.library = inner_functions[i].library;
	return meaning->waiting;
}

// The function of a C library that thread INDEX waits in: the innermost that is known, before the
// chain leaves the library.
static struct waiting find_function(const struct search *search, size_t index)
{
	const struct stack *stack = &search->stacks->stacks[index];
	struct waiting waiting = {LOCK_NONE, LIBRARY_UNKNOWN};

	for (size_t i = 0; i < stack->frame_count && i < FRAMES_SEARCHED; i++) {
		const struct stack_frame *frame = &stack->frames[i];
		if (frame->module == STACK_NO_INDEX || frame->module != stack->frames[0].module ||
			frame->signal)
			break;
		int32_t symbol = frame_view_symbol(search->stacks, frame);
		if (symbol == STACK_NO_INDEX)
			continue;
		struct waiting meaning = meaning_of(search, (size_t)symbol);
		if (meaning.library != LIBRARY_UNKNOWN)
			waiting.library = meaning.library;
		waiting.kind = meaning.kind;
		if (waiting.kind != LOCK_NONE)
			break;
	}
	if (waiting.kind == LOCK_NONE)
		return waiting;
	enum library by_file =
		library_by_file(search->snapshot->modules[stack->frames[0].module].path);
	if (by_file != LIBRARY_UNKNOWN)
		waiting.library = by_file;
	return waiting;
}

// The thread that has NS_TID inside, or LOCK_NO_THREAD.
static size_t find_thread(const struct snapshot *snapshot, uint32_t ns_tid)
{
	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].ns_tid > 0 &&
			(uint32_t)snapshot->threads[i].ns_tid == ns_tid)
			return i;
	return LOCK_NO_THREAD;
}

// Who holds what the thread waits for, by the WORDS.
static struct lock_holder find_holder(const struct waiting *waiting, const struct lockwords *words)
{
	const struct lock_holder unknown = {LOCK_UNKNOWN, 0};

	switch (waiting->kind) {
	case LOCK_PI:
		return lockwords_pi(words);
	case LOCK_MUTEX:
		if (waiting->library == LIBRARY_GLIBC)
			return lockwords_glibc_mutex(words);
		return waiting->library == LIBRARY_MUSL ? lockwords_musl_mutex(words) : unknown;
	case LOCK_RWLOCK:
		return waiting->library == LIBRARY_GLIBC ? lockwords_glibc_rwlock(words) : unknown;
	default:
		return unknown;
	}
}

// True when a thread that waits in futex(2) on WORDS for VALUE waits for the thread with that id to
// end: the library has put the id, which the kernel clears at the end, into that thread's own
// stack. Source: set_tid_address(2); glibc's pthread_join.
static bool is_join(const struct snapshot *snapshot, const struct lockwords *words,
	const struct snapshot_thread *thread, size_t *ret_owner)
{
	uint32_t value = (uint32_t)thread->syscall_args[2], word;

	if ((thread->syscall_args[1] & FUTEX_PRIVATE_FLAG) || value == 0 ||
		words->len < words->word + sizeof(word))
		return false;
	memcpy(&word, words->bytes + words->word, sizeof(word));
	size_t owner = find_thread(snapshot, value);
	if (word != value || owner == LOCK_NO_THREAD)
		return false;
	const struct snapshot_thread *other = &snapshot->threads[owner];
	const struct snapshot_map *map = snapshot_find_map(snapshot, words->addr);
	uint64_t sp = other->regs[ARCH_REG_SP];
	if (other == thread || other->status != SNAPSHOT_THREAD_CAPTURED || !map ||
		sp < map->start || sp >= words->addr)
		return false;
	*ret_owner = owner;
	return true;
}

static bool is_waiting(const struct snapshot_thread *thread)
{
	return thread->status == SNAPSHOT_THREAD_CAPTURED && thread->in_syscall &&
	       snapshot_call_nr(thread) == __NR_futex;
}

// True when a thread that waits for a condition has been told of it, and waits for its mutex again:
// in these WORDS, by another operation than it waits for conditions by.
static bool is_mutex_again(const struct snapshot *snapshot, const struct waiting *waiting,
	const struct lockwords *words)
{
	struct lock_holder holder;

	if (waiting->library != LIBRARY_GLIBC)
		return false;
	holder = lockwords_glibc_mutex(words);
	return holder.state == LOCK_HELD && find_thread(snapshot, holder.tid) != LOCK_NO_THREAD;
}

// Fills *LOCK with what thread INDEX, which is in futex(2), waits for.
static void find_lock(const struct search *search, size_t index, struct lock *lock)
{
	const struct snapshot *snapshot = search->snapshot;
	const struct snapshot_thread *thread = &snapshot->threads[index];
	uint32_t op = (uint32_t)thread->syscall_args[1] & (uint32_t)FUTEX_CMD_MASK;
	struct lockwords words = {
		.addr = thread->syscall_args[0], .word = call_word_offset(thread->syscall_args[0])};
	words.bytes = snapshot_call_bytes(snapshot, thread, 0, &words.len);
	struct waiting waiting = find_function(search, index);

	*lock = (struct lock){.addr = words.addr, .owner = LOCK_NO_THREAD};
	if (op == FUTEX_LOCK_PI || op == OP_LOCK_PI2) {
		waiting.kind = LOCK_PI;
	} else if (op != FUTEX_WAIT && op != FUTEX_WAIT_BITSET && op != FUTEX_WAIT_REQUEUE_PI) {
		return;
	} else if (waiting.kind == LOCK_NONE && is_join(snapshot, &words, thread, &lock->owner)) {
		lock->kind = LOCK_THREAD;
		lock->ns_tid = (uint32_t)thread->syscall_args[2];
		return;
	}
	if (waiting.kind == LOCK_CONDITION && op == FUTEX_WAIT &&
		is_mutex_again(snapshot, &waiting, &words))
		waiting.kind = LOCK_MUTEX;
	struct lock_holder holder = find_holder(&waiting, &words);
	lock->kind = waiting.kind;
	lock->is_free = holder.state == LOCK_FREE;
	if (holder.state != LOCK_HELD)
		return;
	lock->ns_tid = holder.tid;
	lock->owner = find_thread(snapshot, holder.tid);
}

// Adds the cycle that thread START is in.
static void add_cycle(struct locks *locks, size_t start)
{
	struct deadlock *deadlock = &locks->deadlocks[locks->deadlock_count];
	size_t at = start;

	deadlock->first = locks->deadlock_count == 0 ? 0 : deadlock[-1].first + deadlock[-1].count;
	do {
		locks->cycles[deadlock->first + deadlock->count++] = at;
		at = locks->locks[at].owner;
	} while (at != start);
	locks->deadlock_count++;
}

// Each thread waits for one other at most: whoever follows them comes to an end or into a cycle.
// SEEN is zero for each thread.
static void find_cycles(struct locks *locks, size_t *seen)
{
	for (size_t i = 0; i < locks->thread_count; i++) {
		size_t at = i;
		while (at != LOCK_NO_THREAD && seen[at] == 0) {
			seen[at] = i + 1;
			at = locks->locks[at].owner;
		}
		if (at != LOCK_NO_THREAD && seen[at] == i + 1)
			add_cycle(locks, at);
	}
}

int locks_find(const struct snapshot *snapshot, const struct stacks *stacks, struct locks *ret)
{
	size_t count = snapshot->thread_count;
	struct locks locks = {.locks = calloc(count + 1, sizeof(*locks.locks)),
		.thread_count = count,
		.cycles = calloc(count + 1, sizeof(*locks.cycles)),
		.deadlocks = calloc(count + 1, sizeof(*locks.deadlocks))};
	auto_free size_t *seen = calloc(count + 1, sizeof(*seen));
	auto_free struct meaning *meanings = calloc(stacks->symbol_count + 1, sizeof(*meanings));
	const struct search search = {snapshot, stacks, meanings};

	if (!locks.locks || !locks.cycles || !locks.deadlocks || !seen || !meanings) {
		locks_fini(&locks);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		locks.locks[i].owner = LOCK_NO_THREAD;
		if (is_waiting(&snapshot->threads[i]))
			find_lock(&search, i, &locks.locks[i]);
	}
	find_cycles(&locks, seen);
	*ret = locks;
	return 0;
}

static bool is_proven(
	const struct locks *locks, const struct deadlock *deadlock, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < deadlock->count; i++)
		if (!snapshot->threads[locks->cycles[deadlock->first + i]].wait.proven)
			return false;
	return true;
}

void locks_keep_proven(struct locks *locks, const struct snapshot *snapshot)
{
	size_t kept = 0;

	for (size_t i = 0; i < locks->deadlock_count; i++)
		if (is_proven(locks, &locks->deadlocks[i], snapshot))
			locks->deadlocks[kept++] = locks->deadlocks[i];
	locks->deadlock_count = kept;
}

void locks_fini(struct locks *locks)
{
	free(locks->locks);
	free(locks->cycles);
	free(locks->deadlocks);
	*locks = (struct locks){0};
}
