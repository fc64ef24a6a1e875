// SPDX-License-Identifier: GPL-2.0-or-later
// Capture and inspect.
#include "stack_process.h"

#include "cleanup.h"
#include "contextrun.h"
#include "gostack.h"
#include "order.h"
#include "progress.h"
#include "stack_shared.h"
#include "still.h"
#include "targetclock.h"
#include "waited.h"

#include <time.h>

static void on_begin(void *arg)
{
	inspect_begin(arg);
}

static void on_modules(void *arg, const struct snapshot *snapshot)
{
	inspect_modules(arg, snapshot);
}

static void on_unproven(void *arg, const struct snapshot *snapshot)
{
	inspect_unproven(arg, snapshot);
}

static void on_threads(void *arg, const struct snapshot *snapshot)
{
	inspect_threads(arg, snapshot);
}

static void fini(struct stack_process *process)
{
	snapshot_fini(&process->snapshot);
	stacks_fini(&process->stacks);
	locks_fini(&process->locks);
}

void stack_process_free(struct stack_process *process)
{
	if (process)
		fini(process);
	free(process);
}

int stack_process_close_files(struct stack_process *process)
{
	struct snapshot *snapshot = &process->snapshot;

	for (size_t i = 0; i < snapshot->module_count; i++)
		close_fd(&snapshot->modules[i].fd);
	for (size_t i = 0; i < process->stacks.debug_count; i++)
		close_fd(&process->stacks.debugs[i].fd);
	return snapshot_drop_stacks(snapshot);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// How stacks are taken.
struct taking {
	struct capture_options capture;
	struct context_options context;
	bool fetches; // the worker may have to wait for files that come from elsewhere
};

// What is done while the worker unwinds.
struct context_work {
	const struct target *target;
	struct snapshot *snapshot;
	const struct inspection *inspection;
	struct context_options options;
	struct context_task *task;
};

static void start_context(void *arg)
{
	struct context_work *work = arg;
	struct waited_beside beside;

	beside.pid = inspect_worker(work->inspection, &beside.since_us);
	work->options.waits =
		waited_read_near(work->target, work->snapshot, &beside, work->options.clocks);
	work->task = context_task_start(work->target, work->snapshot, &work->options);
}

static int take(struct target *target, const struct taking *taking, struct inspection *inspection,
	struct stack_process *ret, struct error *err)
{
	struct stack_process taken = {.report = ret->report};
	struct context_work work = {target, &taken.snapshot, inspection, taking->context, NULL};
	const struct inspect_meanwhile meanwhile = {start_context, &work};
	// What is told of the moment cannot wait until a file was fetched.
	const bool at_once = taking->fetches || taking->context.kernel;

	unsigned threads = target->status.threads;
	progress_note("capturing %u thread%s of process %d", threads, threads == 1 ? "" : "s",
		target->pid);
	taken.report.time_ms = now_ms();
	int r = capture_take(
		target, &taking->capture, &taken.snapshot, &taken.report.threads_missed, err);
	if (r == 0 && at_once)
		start_context(&work);
	if (r == 0 && gostack_is_go(&taken.snapshot))
		targetclock_read(target, &taken.snapshot.clock_ns);
	if (r == 0) {
		progress_note("unwinding %zu stacks of process %d", taken.snapshot.thread_count,
			target->pid);
		r = inspect_finish(inspection, &taken.snapshot, at_once ? NULL : &meanwhile,
			&taken.stacks, err);
	}
	context_task_finish(work.task, r == 0 ? &taken.snapshot : NULL);
	if (r < 0) {
		fini(&taken);
		return r;
	}
	fini(ret);
	*ret = taken;
	return 0;
}

// The threads of PROCESS that were unwound in part only, without all of their registers, to *RET
// (owned by the caller), ascending.
static size_t list_unwhole(const struct stack_process *process, pid_t **ret)
{
	const struct snapshot *snapshot = &process->snapshot;
	size_t count = 0;

	*ret = calloc(snapshot->thread_count + 1, sizeof(**ret));
	for (size_t i = 0; *ret && i < snapshot->thread_count; i++) {
		const struct snapshot_thread *thread = &snapshot->threads[i];
		if (thread->status == SNAPSHOT_THREAD_CAPTURED &&
			thread->regs_known != SNAPSHOT_ALL_REGS &&
			process->stacks.stacks[i].end.status != STACK_COMPLETE)
			(*ret)[count++] = thread->tid;
	}
	if (count > 0)
		qsort(*ret, count, sizeof(**ret), order_int);
	return count;
}

// Takes them; and again, if the policy allows it and some could not be unwound without the
// registers that only a stop shows.
static int take_whole(struct target *target, const struct stack_options *options,
	struct inspection *inspection, struct stack_process *ret, struct error *err)
{
	auto_free pid_t *unwhole = NULL;
	const struct policy *policy = stack_options_policy(options);
	const struct capture_listener listener = {
		on_begin, on_modules, on_unproven, on_threads, inspection};
	uint32_t timeout_ms = (uint32_t)options->timeout_s * 1000;
	struct taking taking = {.capture = {.policy = policy,
					.tids = options->tids,
					.tid_count = options->tid_count,
					.timeout_ms = timeout_ms,
					.listener = &listener,
					.iterator = &options->shared->iterator,
					.helper_room = &options->shared->helper_room},
		.context = {.index_fd = options->shared->index_fd,
			.kernel = options->kernel,
			.timeout_ms = timeout_ms,
			.clocks = &options->shared->clocks},
		.fetches = options->debuginfod};
	struct capture_options *capture = &taking.capture;

	capture->room = inspect_room(inspection, &capture->room_len);
	capture->room_file = inspect_room_file(inspection);
	int r = take(target, &taking, inspection, ret, err);
	if (r < 0 || !policy->completes)
		return r;
	capture->whole_count = list_unwhole(ret, &unwhole);
	capture->whole = unwhole;
	return capture->whole_count > 0 ? take(target, &taking, inspection, ret, err) : 0;
}

// Finds what the threads of PROCESS wait for, and proves the deadlocks among them, of TARGET.
static int find_locks(const struct target *target, struct stack_process *process, struct error *err)
{
	struct snapshot *snapshot = &process->snapshot;
	struct locks *locks = &process->locks;

	if (locks_find(snapshot, &process->stacks, locks) < 0)
		return fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the locks of process %d",
			snapshot->pid);
	for (size_t i = 0; i < locks->deadlock_count; i++)
		still_prove(target, snapshot, locks->cycles + locks->deadlocks[i].first,
			locks->deadlocks[i].count);
	locks_keep_proven(locks, snapshot);
	return 0;
}

int stack_process_take(struct target *target, const struct stack_options *options,
	struct inspection *inspection, struct stack_process **ret, struct error *err)
{
	struct stack_process *process = calloc(1, sizeof(*process));

	if (!process)
		return fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the stacks of process %d",
			target->pid);
	inspect_expect(
		inspection, options->tid_count ? options->tid_count : target->status.threads);
	process->report.pause = stack_options_policy(options)->name;
	process->report.all_threads = !options->tids;
	int r = take_whole(target, options, inspection, process, err);
	if (r == 0)
		r = find_locks(target, process, err);
	if (r < 0) {
		stack_process_free(process);
		return r;
	}
	process->report.snapshot = &process->snapshot;
	process->report.stacks = &process->stacks;
	process->report.locks = &process->locks;
	*ret = process;
	return 0;
}
