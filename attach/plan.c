// SPDX-License-Identifier: GPL-2.0-or-later
// The rows of a capture.
#include "plan.h"

#include "cleanup.h"
#include "clock.h"
#include "number.h"
#include "order.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
static size_t count_threads(const struct plan *plan)
{
	struct stat st;

	return fstat(plan->task_dir_fd, &st) == 0 && st.st_nlink > 2 ? st.st_nlink - 2 : 0;
}

size_t plan_add_new(struct plan *plan)
{
	size_t before = plan->thread_count;

	// The first thread is there, dead or alive, as long as there is any.
	if (before == 0 && count_threads(plan) == 1)
		return plan_add(plan, plan->pid) ? 1 : 0;
	int copy = openat(plan->task_dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	auto_free pid_t *known = calloc(before + 1, sizeof(*known));

	if (!dir || !known)
		return 0;
	for (size_t i = 0; i < before; i++)
		known[i] = plan->threads[i].tid;
	qsort(known, before, sizeof(*known), order_int);
	for (struct dirent *entry; (entry = readdir(dir));) {
		pid_t tid;
		if (number_parse_pid(entry->d_name, &tid) == 0 &&
			!bsearch(&tid, known, before, sizeof(*known), order_int) &&
			!plan_add(plan, tid))
			break;
	}
	return plan->thread_count - before;
}

bool plan_has_all(const struct plan *plan)
{
	size_t known = 0, count = count_threads(plan);

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
	if (status->ns_pid_count > 0)
		thread->ns_tid = status->ns_pid[status->ns_pid_count - 1];
}

void plan_refused(struct plan *plan, size_t index, int errnum)
{
	struct snapshot_thread *thread = &plan->threads[index];
	bool dead = thread->state == 'Z' || thread->state == 'X';

	thread->errnum = errnum;
	thread->status = errnum == ESRCH || dead ? SNAPSHOT_THREAD_GONE : SNAPSHOT_THREAD_DENIED;
}

void plan_allow(struct plan *plan, uint32_t ms)
{
	uint64_t at = clock_now_us() + ms * UINT64_C(1000);

	plan->kill_at_us = at < plan->deadline_us ? at : plan->deadline_us;
}
