// SPDX-License-Identifier: GPL-2.0-or-later
// The capture by task iterator.
#include "taskiter.h"

#include "cleanup.h"
#include "listener.h"
#include "registers.h"
#include "stackcopy.h"
#include "taskiter/record.h"
#include "waited.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	PASSES_MAX = 5,  // reads of the iterator: a thread that moves has four chances
	PAUSE_US = 300,  // until the next pass, when all threads that are left were on a CPU
	FEW = 64,        // threads that are read out of /proc in the time that loading takes
	MANY = 256,      // whose maps are worth a child that loads meanwhile
	RECORDS = 128,   // read by one call at most: as many as the kernel gives
	READ_MS = 300,   // for the stacks of 64 threads
	BEGIN_MS = 1000, // for reading the iterator
};

// include/linux/sched.h
enum {
	STATE_INTERRUPTIBLE = 0x1,
	STATE_UNINTERRUPTIBLE = 0x2,
	STATE_STOPPED = 0x4,
	STATE_TRACED = 0x8,
	STATE_EXIT_DEAD = 0x10,
	STATE_EXIT_ZOMBIE = 0x20,
	STATE_PARKED = 0x40,
	STATE_NOLOAD = 0x400,
	STATE_FROZEN = 0x8000,
	FLAG_EXITING = 0x4,
};

// What is to be the same the second time.
struct proof {
	bool pending; // its stack was copied since
	uint64_t switches, start_time;
	struct waited_notes notes;
};

struct iteration {
	struct plan *plan;
	int link_fd;
	struct proof *proofs; // parallel to the plan's threads
	size_t *indices;      // threads whose stacks are to be copied
	size_t count;
	size_t running; // threads that were on a CPU in this pass
	size_t cursor;  // the row that was found last
	bool fresh;     // there were no rows: all are new
	bool told;      // somebody was told of what was copied since the last pass
};

// As fs/proc/array.c has it.
static char state_letter(uint32_t state)
{
	if (state & STATE_EXIT_DEAD)
		return 'X';
	if (state & STATE_EXIT_ZOMBIE)
		return 'Z';
	if (state & STATE_TRACED)
		return 't';
	if (state & STATE_STOPPED)
		return 'T';
	if (state & STATE_PARKED)
		return 'P';
	if ((state & STATE_UNINTERRUPTIBLE) && (state & STATE_NOLOAD))
		return 'I';
	if (state & (STATE_UNINTERRUPTIBLE | STATE_FROZEN))
		return 'D';
	return state & STATE_INTERRUPTIBLE ? 'S' : 'R';
}

// The row of thread TID, which may be new. Threads come in the same order each time, so it mostly
// is the next one. Returns whether there is one.
static bool find_row(struct iteration *it, pid_t tid, size_t *ret)
{
	struct plan *plan = it->plan;
	size_t count = plan->thread_count;

	for (size_t i = 1; !it->fresh && i <= count; i++) {
		size_t index = (it->cursor + i) % count;
		if (plan->threads[index].tid == tid) {
			*ret = it->cursor = index;
			return true;
		}
	}
	if (plan->listed || !plan_add(plan, tid))
		return false;
	*ret = it->cursor = count;
	return true;
}

static void describe(struct snapshot_thread *thread, const struct taskiter_record *record)
{
	thread->state = state_letter(record->state);
	memcpy(thread->name, record->comm, sizeof(record->comm));
	thread->name[sizeof(record->comm)] = '\0';
	// Last: with it the name is known, also when the helper is killed over this.
	__atomic_store_n(&thread->ns_tid, record->ns_tid, __ATOMIC_RELEASE);
}

static struct user_regs_struct registers_of(const struct taskiter_record *record)
{
	struct user_regs_struct r;

	_Static_assert(sizeof(record->regs) <= sizeof(r), "the same registers in the same order");
	memset(&r, 0, sizeof(r));
	memcpy(&r, record->regs, sizeof(record->regs));
	return r;
}

// What RECORD says of a thread that can have no stack, or SNAPSHOT_THREAD_LISTED.
static enum snapshot_thread_status hopeless(
	const struct taskiter_record *record, const struct user_regs_struct *r)
{
	if ((record->state & (STATE_EXIT_ZOMBIE | STATE_EXIT_DEAD)) ||
		(record->flags & FLAG_EXITING) || !record->has_regs)
		return SNAPSHOT_THREAD_GONE;
	if (registers_are_none(r))
		return SNAPSHOT_THREAD_KERNEL;
	return registers_are_32_bit(r) ? SNAPSHOT_THREAD_DENIED : SNAPSHOT_THREAD_LISTED;
}

static bool is_proven(const struct iteration *it, size_t index,
	const struct taskiter_record *record, const struct user_regs_struct *r)
{
	const struct proof *proof = &it->proofs[index];
	const struct snapshot_thread *thread = &it->plan->threads[index];
	struct snapshot_thread now = {0};

	if (!proof->pending || record->on_cpu || record->switches_last != proof->switches ||
		record->start_time != proof->start_time || it->plan->rows[index].copy_errnum != 0)
		return false;
	registers_take(&now, r);
	return memcmp(now.regs, thread->regs, sizeof(now.regs)) == 0;
}

// Takes one record: proves what was copied since the last pass, or else prepares the next copy.
static void take_record(struct iteration *it, const struct taskiter_record *record)
{
	struct plan *plan = it->plan;
	size_t index;

	if (!find_row(it, record->tid, &index) || !plan_wants(plan, index))
		return;
	struct snapshot_thread *thread = &plan->threads[index];
	struct proof *proof = &it->proofs[index];
	struct user_regs_struct r = registers_of(record);
	describe(thread, record);
	enum snapshot_thread_status status = hopeless(record, &r);
	if (status != SNAPSHOT_THREAD_LISTED) {
		thread->errnum = status == SNAPSHOT_THREAD_DENIED ? EMEDIUMTYPE : 0;
		thread->status = status;
		return;
	}
	if (is_proven(it, index, record, &r)) {
		thread->method = SNAPSHOT_METHOD_ITERATOR;
		thread->switches = proof->switches;
		thread->as_told = it->told && snapshot_is_unproven(thread) &&
				  !plan->rows[index].finished_late;
		thread->wait.waited_known = thread->state != 'R' &&
					    waited_of_notes(&proof->notes, &thread->wait.waited_ms);
		thread->errnum = 0;
		__atomic_store_n(&thread->status, SNAPSHOT_THREAD_CAPTURED, __ATOMIC_RELEASE);
		return;
	}
	if (proof->pending && plan->rows[index].copy_errnum != 0)
		plan_refused(plan, index, plan->rows[index].copy_errnum);
	else if (thread->status == SNAPSHOT_THREAD_LISTED)
		thread->status = SNAPSHOT_THREAD_MOVING;
	proof->pending = !record->on_cpu;
	if (!proof->pending) {
		it->running++;
		return;
	}
	proof->switches = record->switches_first;
	proof->start_time = record->start_time;
	proof->notes = (struct waited_notes){record->arrived, record->ran, record->now};
	plan->rows[index].thread_pointer = record->thread_pointer;
	registers_take(thread, &r);
	it->indices[it->count++] = index;
}

// Reads the iterator once. Returns 0 or -errno.
static int read_once(struct iteration *it, struct taskiter_record *records)
{
	union bpf_attr attr;
	struct timespec used;
	ssize_t len;

	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (__u32)it->link_fd;
	auto_fd int fd = (int)syscall(SYS_bpf, BPF_ITER_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	it->plan->at = SIZE_MAX; // it is no thread's fault
	plan_allow(it->plan, BEGIN_MS);
	// Asking for the time that this thread has used has it noted how long it has run by now.
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	it->count = it->running = 0;
	it->fresh = it->plan->thread_count == 0;
	it->cursor = it->fresh ? 0 : it->plan->thread_count - 1;
	// A call returns whole records (seq_file).
	while ((len = read(fd, records, RECORDS * sizeof(*records))) > 0)
		for (size_t i = 0; i < (size_t)len / sizeof(*records); i++)
			take_record(it, &records[i]);
	it->plan->listed = true;
	return len < 0 ? -errno : 0;
}

// Tells who wants to know of what was copied, if that is the first time, and many.
static void tell(struct iteration *it)
{
	struct plan *plan = it->plan;
	const struct capture_listener *listener = plan->listener;

	it->told = listener && it->count >= FEW;
	if (!it->told)
		return;
	plan->listener = NULL;
	plan->at = SIZE_MAX;
	struct snapshot snapshot = *plan->snapshot;
	snapshot.threads = plan->threads;
	snapshot.thread_count = plan->thread_count;
	snapshot.stacks = plan->stacks;
	snapshot.stacks_len = plan->stacks_len;
	listener->unproven(listener->arg, &snapshot);
}

static int take(struct plan *plan, int link_fd)
{
	size_t used = plan->borrowed.used;
	struct proof *proofs = plan_borrow(plan, plan->thread_capacity, sizeof(*proofs));
	size_t *indices = plan_borrow(plan, plan->thread_capacity, sizeof(*indices));
	struct taskiter_record *records = plan_borrow(plan, RECORDS, sizeof(*records));
	struct iteration it = {
		.plan = plan, .link_fd = link_fd, .proofs = proofs, .indices = indices};

	if (!proofs || !indices || !records)
		return -ENOMEM;
	for (int pass = 0; pass < PASSES_MAX; pass++) {
		if (read_once(&it, records) < 0 || pass == PASSES_MAX - 1 ||
			(it.count == 0 && it.running == 0))
			break;
		if (it.count == 0) // what runs may sleep soon
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_US * 1000L}, NULL);
		stackcopy_reserve(plan, indices, it.count, it.count >= FEW);
		stackcopy_take(plan, indices, it.count, READ_MS);
		tell(&it);
		stackcopy_finish(plan, indices, READ_MS);
		stackcopy_end(plan);
	}
	// It ends early when the thread that it stands on exits (kernel/bpf/task_iter.c).
	if (plan->named_count == 0 && !plan_has_all(plan))
		plan_add_new(plan);
	plan_give_back(plan, used);
	return 0;
}

// How many threads PLAN is of.
static size_t count_threads(const struct plan *plan)
{
	return plan->named_count > 0 ? plan->named_count : plan_count_threads(plan);
}

void taskiter_begin(struct plan *plan)
{
	if (count_threads(plan) >= MANY)
		taskiter_load_begin(plan->iterator);
}

void taskiter_probe(struct plan *plan)
{
	if (plan->iterator_fd < 0)
		plan->iterator_fd = taskiter_open(plan->iterator, plan->pid);
}

void taskiter_probe_if_worth(struct plan *plan)
{
	if (count_threads(plan) >= FEW || plan->whole_count > 0)
		taskiter_probe(plan);
}

int taskiter_take(struct plan *plan)
{
	return plan->iterator_fd < 0 ? 0 : take(plan, plan->iterator_fd);
}
