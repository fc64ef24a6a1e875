// SPDX-License-Identifier: GPL-2.0-or-later
// The rows of a capture.
#include "plan.h"

#include "cleanup.h"
#include "clock.h"
#include "number.h"
#include "order.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	SLICE_US = 20000,   // how exact it is when a helper is killed
	ALIGNED = 16,       // what is borrowed
	ENTRIES = 32 << 10, // bytes of a directory that are read at once
};

// What getdents64(2) gives.
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t len;
	uint8_t type;
	char name[];
};

struct snapshot_thread *plan_add(struct plan *plan, pid_t tid)
{
	if (plan->thread_count == plan->thread_capacity) {
		plan->threads_missed = true;
		return NULL;
	}
	size_t index = plan->thread_count;
	plan->threads[index] = (struct snapshot_thread){.tid = tid};
	plan->rows[index] = (struct plan_row){
		.whole = plan->whole_count > 0 &&
			 bsearch(&tid, plan->whole, plan->whole_count, sizeof(tid), order_int)};
	plan->thread_count++;
	return &plan->threads[index];
}

// The link count of /proc/PID/task is 2 and one for each thread (fs/proc/base.c,
// proc_task_getattr): one call instead of a listing of 10 us a thread. Returns 0 if it is unknown.
size_t plan_count_threads(const struct plan *plan)
{
	struct stat st;

	return fstat(plan->task_dir_fd, &st) == 0 && st.st_nlink > 2 ? st.st_nlink - 2 : 0;
}

// Adds the threads in the LEN bytes of directory ENTRIES that are not among the KNOWN. Returns
// whether there is room for more.
static bool add_entries(
	struct plan *plan, const char *entries, size_t len, const pid_t *known, size_t known_count)
{
	const struct entry *entry;
	pid_t tid;

	for (size_t at = 0; at < len; at += entry->len) {
		entry = (const void *)(entries + at);
		if (number_parse_pid(entry->name, &tid) == 0 &&
			!bsearch(&tid, known, known_count, sizeof(*known), order_int) &&
			!plan_add(plan, tid))
			return false;
	}
	return true;
}

static void add_listed(struct plan *plan)
{
	size_t count = plan->thread_count;
	pid_t *known = plan_borrow(plan, count + 1, sizeof(*known));
	char *entries = plan_borrow(plan, ENTRIES, 1);
	auto_fd int fd = openat(plan->task_dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long len;

	if (!known || !entries || fd < 0)
		return;
	for (size_t i = 0; i < count; i++)
		known[i] = plan->threads[i].tid;
	qsort(known, count, sizeof(*known), order_int);
	while ((len = syscall(SYS_getdents64, fd, entries, ENTRIES)) > 0 &&
		add_entries(plan, entries, (size_t)len, known, count))
		;
}

size_t plan_add_new(struct plan *plan)
{
	size_t before = plan->thread_count, used = plan->borrowed.used;

	// The first thread is there, dead or alive, as long as there is any.
	if (before == 0 && plan_count_threads(plan) == 1)
		return plan_add(plan, plan->pid) ? 1 : 0;
	add_listed(plan);
	plan_give_back(plan, used);
	return plan->thread_count - before;
}

bool plan_has_all(const struct plan *plan)
{
	size_t known = 0, count = plan_count_threads(plan);

	for (size_t i = 0; i < plan->thread_count; i++) {
		const struct snapshot_thread *thread = &plan->threads[i];
		bool dead_leader =
			thread->tid == plan->pid && thread->status == SNAPSHOT_THREAD_GONE;
		if (thread->status != SNAPSHOT_THREAD_GONE || dead_leader)
			known++;
	}
	return count > 0 && count <= known;
}

void plan_describe(struct plan *plan, size_t index, const struct proc_status *status)
{
	struct snapshot_thread *thread = &plan->threads[index];
	struct proc_status read;

	if (thread->state != '\0')
		return;
	if (!status) {
		if (target_read_status(plan->target, thread->tid, &read) < 0 ||
			read.tgid != plan->pid) {
			if (plan_wants(plan, index))
				thread->status = SNAPSHOT_THREAD_GONE;
			return;
		}
		status = &read;
	}
	thread->state = status->state;
	memcpy(thread->name, status->name, sizeof(thread->name));
	if (status->ns_pid_count > 0) // last: with it the name is known
		__atomic_store_n(&thread->ns_tid, status->ns_pid[status->ns_pid_count - 1],
			__ATOMIC_RELEASE);
}

void plan_refused(struct plan *plan, size_t index, int errnum)
{
	struct snapshot_thread *thread = &plan->threads[index];
	bool dead = thread->state == 'Z' || thread->state == 'X';

	thread->errnum = errnum;
	thread->status = errnum == ESRCH || dead ? SNAPSHOT_THREAD_GONE : SNAPSHOT_THREAD_DENIED;
}

int plan_set_timer(struct plan *plan)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};

	plan->kill_at_us = 0;
	plan->has_killer = timer_create(CLOCK_MONOTONIC, &event, &plan->killer) == 0;
	return plan->has_killer ? 0 : -errno;
}

void plan_allow(struct plan *plan, uint32_t ms)
{
	uint64_t at = clock_now_us() + ms * UINT64_C(1000);

	if (at > plan->deadline_us)
		at = plan->deadline_us;
	// Not set anew for each of many threads.
	if (at >= plan->kill_at_us && at - plan->kill_at_us < SLICE_US)
		return;
	plan->kill_at_us = at;
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(at / 1000000),
					  .tv_nsec = (long)(at % 1000000) * 1000}};
	if (plan->has_killer)
		timer_settime(plan->killer, TIMER_ABSTIME, &when, NULL);
}

void *plan_borrow(struct plan *plan, size_t count, size_t size)
{
	struct plan_borrowed *borrowed = &plan->borrowed;
	size_t len;

	if (__builtin_mul_overflow(count, size, &len) || len > SIZE_MAX - ALIGNED)
		return NULL;
	len = (len + ALIGNED - 1) & ~(size_t)(ALIGNED - 1);
	if (len > borrowed->len - borrowed->used)
		return NULL;
	unsigned char *memory = borrowed->start + borrowed->used;
	if (borrowed->used < borrowed->dirty) {
		size_t dirty = borrowed->dirty - borrowed->used;
		memset(memory, 0, dirty < len ? dirty : len);
	}
	borrowed->used += len;
	if (borrowed->dirty < borrowed->used)
		borrowed->dirty = borrowed->used;
	return memory;
}

void plan_give_back(struct plan *plan, size_t used)
{
	plan->borrowed.used = used;
}
