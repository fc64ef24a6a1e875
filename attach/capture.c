// SPDX-License-Identifier: GPL-2.0-or-later
// Capture: prepare, let the helper capture, check.
#include "capture.h"

#include "cleanup.h"
#include "clock.h"
#include "codecopy.h"
#include "fd.h"
#include "files.h"
#include "hugepages.h"
#include "memory.h"
#include "samecode.h"
#include "sys.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

enum {
	ATTEMPTS_MAX = 3,        // snapshots taken until one had no code moving under it
	THREADS_SPARE = 256,     // rows for threads that are born meanwhile
	THREADS_MANY = 64,       // whose rows are more than a page or two
	STOP_DEADLINE_MS = 1000, // a thread that does not stop in this time is waited for no longer
	STACK_MIN = 64 << 10,    // bytes of each stack, however many threads
	STACK_MAX = 8 << 20,     // bytes of each stack, however few
	STACKS_WANTED = 64 << 20, // bytes of all stacks, between those bounds
};

// Allocates the rows and the stacks for as many threads as there are now and some more, and lists
// those that OPTIONS name.
static int prepare_threads(
	const struct capture_options *options, struct plan *plan, struct error *err)
{
	size_t count = plan_count_threads(plan);

	plan->stack_max = STACKS_WANTED / (count + 1);
	if (plan->stack_max < STACK_MIN)
		plan->stack_max = STACK_MIN;
	if (plan->stack_max > STACK_MAX)
		plan->stack_max = STACK_MAX;
	plan->thread_capacity = options->tids ? options->tid_count : count + THREADS_SPARE;
	plan->stacks_capacity = plan->thread_capacity * plan->stack_max;
	plan->stacks_borrowed = options->room != NULL;
	if (plan->stacks_borrowed && plan->stacks_capacity > options->room_len)
		plan->stacks_capacity = options->room_len;

	// The rows behind the threads: in one piece, which is the snapshot's.
	plan->threads = hugepages_calloc(plan->thread_capacity,
		sizeof(*plan->threads) + sizeof(*plan->rows), &plan->threads_mapped);
	plan->rows = (void *)(plan->threads + plan->thread_capacity);
	plan->stacks_mapped = plan->stacks_capacity;
	plan->stacks = plan->stacks_borrowed ? options->room : hugepages_map(&plan->stacks_mapped);
	if (!plan->threads || !plan->stacks)
		return fail_sys(err, ENOMEM, "mmap", "%zu bytes for the stacks of process %d",
			plan->stacks_capacity, plan->pid);
	if (count >= THREADS_MANY && !options->tids) {
		sys_populate_private(plan->threads, count * sizeof(*plan->threads));
		sys_populate_private(plan->rows, count * sizeof(*plan->rows));
	}
	plan->parts_mapped = SNAPSHOT_PARTS_MAX * sizeof(*plan->parts);
	if (codecopy_is_needed(plan->snapshot))
		plan->parts = hugepages_map(&plan->parts_mapped);
	for (size_t i = 0; options->tids && i < options->tid_count; i++)
		plan_add(plan, options->tids[i]);
	plan->listed = plan->named_count > 0;
	// Code that is in no file comes last, and without it nobody can begin.
	if (!plan->parts && options->listener && options->listener->unproven)
		plan->listener = options->listener;
	return 0;
}

static void plan_fini(struct plan *plan)
{
	hugepages_free(plan->threads, plan->threads_mapped);
	if (plan->stacks && !plan->stacks_borrowed)
		munmap(plan->stacks, plan->stacks_mapped);
	if (plan->parts)
		munmap(plan->parts, plan->parts_mapped);
	close_fd(&plan->iterator_fd);
	taskiter_tidy(plan->iterator);
	plan->threads = NULL;
	plan->rows = NULL;
	plan->stacks = NULL;
	plan->parts = NULL;
}

// Leaves nothing half captured in the rows of PLAN.
static void clean_rows(struct plan *plan)
{
	for (size_t i = 0; i < plan->thread_count; i++) {
		struct snapshot_thread *thread = &plan->threads[i];
		if (thread->status == SNAPSHOT_THREAD_CAPTURED)
			continue;
		if (thread->status == SNAPSHOT_THREAD_LISTED)
			thread->status = SNAPSHOT_THREAD_TIMEOUT;
		thread->regs_known = 0;
		thread->stack_len = thread->left_len = 0;
		thread->in_syscall = false;
		thread->wait = (struct context_wait){0};
	}
}

// Gives SNAPSHOT what PLAN has captured.
static void take_threads(struct snapshot *snapshot, struct plan *plan)
{
	clean_rows(plan);
	snapshot->threads = plan->threads;
	snapshot->thread_count = plan->thread_count;
	snapshot->threads_mapped = plan->threads_mapped;
	plan->threads = NULL;
	plan->rows = NULL;
	snapshot->parts = plan->parts;
	snapshot->part_count = plan->part_count;
	snapshot->parts_mapped = plan->parts ? plan->parts_mapped : 0;
	plan->parts = NULL;
	snapshot->stacks = plan->stacks;
	// What the file lacks cannot be read by the mapping; and then nothing is captured.
	snapshot->stacks_len = plan->stacks_file < 0 || plan->is_mapped ? plan->stacks_len : 0;
	snapshot->stacks_mapped = plan->stacks_mapped;
	snapshot->stacks_borrowed = plan->stacks_borrowed;
	plan->stacks = NULL;
	snapshot->iterator_errnum = plan->iterator_fd < 0 ? -plan->iterator_fd : 0;
	snapshot->paused_us = plan->paused_us;
	// A helper that was killed has said when it began, and not when it ended.
	if (plan->last_read_us > plan->first_read_us)
		snapshot->window_us = plan->last_read_us - plan->first_read_us;
}

// What /proc/PID/maps said.
struct maps_text {
	const char *text;
	size_t len;
};

// The row of SNAPSHOT's first thread, if it was described, or NULL.
static const struct snapshot_thread *find_leader(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].tid == snapshot->pid)
			return snapshot->threads[i].ns_tid != 0 ? &snapshot->threads[i] : NULL;
	return NULL;
}

static void describe_process(const struct target *target, struct snapshot *snapshot)
{
	char link[PATH_MAX];
	struct proc_status status;
	ssize_t len = readlinkat(target->task_fd, "exe", link, sizeof(link) - 1);
	const struct snapshot_thread *leader = find_leader(snapshot);

	if (len >= 0) {
		link[len] = '\0';
		snapshot->exe = strdup(link);
	}
	if (leader) {
		memcpy(snapshot->name, leader->name, sizeof(snapshot->name));
		snapshot->ns_pid = leader->ns_tid;
		return;
	}
	if (target_read_status(target, target->pid, &status) < 0)
		status = target->status;
	memcpy(snapshot->name, status.name, sizeof(snapshot->name));
	if (status.ns_pid_count > 0)
		snapshot->ns_pid = status.ns_pid[status.ns_pid_count - 1];
}

// Captures the threads of PLAN, and looks whether they fit what was read before: MAPS. Returns 1
// when they do, 0 or -errno.
static int take_captured(const struct capture_options *options, struct snapshot *snapshot,
	struct plan *plan, const struct maps_text *maps, struct error *err)
{
	static const struct helper_job job = {policy_prepare, policy_run};
	const struct capture_listener *listener = options->listener;

	if (listener)
		listener->modules(listener->arg, snapshot);
	int r = helper_run(plan, &job, options->helper_room, err);
	if (r < 0)
		return r;
	take_threads(snapshot, plan);
	if (listener)
		listener->threads(listener->arg, snapshot);
	describe_process(plan->target, snapshot); // nobody waits for that
	r = target_verify(plan->target, err);
	return r < 0 ? r : samecode_check(plan->target, maps->text, maps->len, err);
}

// Takes one snapshot. Returns 1 when it is consistent, 0 when it has to be taken again.
static int take_once(const struct target *target, const struct capture_options *options,
	struct snapshot *snapshot, struct plan *plan, struct error *err)
{
	auto_free char *text = NULL;
	struct maps_text maps;
	int r;

	if ((r = files_read_maps(target, &text, &maps.len, err)) < 0)
		return r;
	maps.text = text;
	if ((r = files_open_modules(target, text, maps.len, snapshot, err)) < 0 ||
		(r = prepare_threads(options, plan, err)) < 0)
		return r;
	return take_captured(options, snapshot, plan, &maps, err);
}

// Every named thread must be one of TARGET's.
static int check_tids(
	const struct target *target, const struct capture_options *options, struct error *err)
{
	for (size_t i = 0; i < options->tid_count; i++) {
		struct proc_status status;
		if (target_read_status(target, options->tids[i], &status) < 0)
			return fail(err, ERROR_TARGET, ESRCH, "process %d has no thread %d",
				target->pid, options->tids[i]);
	}
	return 0;
}

// What all attempts share.
struct spent {
	unsigned attempts;
	uint64_t deadline_us; // of all
	uint64_t paused_us;   // so far
	bool missed;          // threads, the last time
};

// One attempt: as take_once().
static int attempt(struct target *target, const struct capture_options *options,
	struct spent *spent, struct snapshot *ret, struct error *err)
{
	auto_snapshot struct snapshot snapshot = {.pid = target->pid};

	if (options->listener)
		options->listener->begin(options->listener->arg);
	// Its caller has just looked whether its thread lives. If it has died since, what is read
	// of it fits nothing.
	int r = spent->attempts++ > 0 ? target_follow(target, err) : 0;
	if (r < 0)
		return r;

	// Opened each time: after an exec it would be the memory of what was there before.
	auto_fd int task_dir = openat(target->proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int memory = memory_open(target);
	if (task_dir < 0)
		return fail_sys(err, errno, "open", "the threads of process %d", target->pid);
	struct plan plan = {.target = target,
		.policy = options->policy,
		.task_dir_fd = task_dir,
		.memory_fd = memory,
		.iterator_fd = -EBADF,
		.stacks_file = options->room ? options->room_file : -EBADF,
		.iterator = options->iterator,
		.pid = target->pid,
		.named_count = options->tids ? options->tid_count : 0,
		.whole = options->whole,
		.whole_count = options->whole_count,
		.snapshot = &snapshot,
		.deadline_ms = STOP_DEADLINE_MS < options->timeout_ms ? STOP_DEADLINE_MS
								      : options->timeout_ms,
		.deadline_us = spent->deadline_us};
	policy_begin(&plan);
	r = take_once(target, options, &snapshot, &plan, err);
	plan_fini(&plan);
	spent->missed = plan.threads_missed;
	spent->paused_us += snapshot.paused_us;
	if (r > 0) {
		snapshot.paused_us = spent->paused_us;
		*ret = snapshot;
		snapshot = (struct snapshot){0};
	}
	return r;
}

int capture_take(struct target *target, const struct capture_options *options, struct snapshot *ret,
	bool *ret_missed, struct error *err)
{
	struct spent spent = {.deadline_us = clock_now_us() + options->timeout_ms * UINT64_C(1000)};
	int r = check_tids(target, options, err);

	fd_raise_limit();
	for (int i = 0; r == 0 && i < ATTEMPTS_MAX; i++)
		r = attempt(target, options, &spent, ret, err);
	if (r > 0)
		*ret_missed = spent.missed;
	if (r == 0)
		r = fail(err, ERROR_SYSTEM, EAGAIN,
			"process %d loads or unloads code all the time: %d snapshots in a row did "
			"not match",
			target->pid, ATTEMPTS_MAX);
	return r < 0 ? r : 0;
}
