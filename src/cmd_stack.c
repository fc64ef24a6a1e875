// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack`: resolve, capture, inspect, report.
#include "cmd_stack.h"

#include "capture.h"
#include "cleanup.h"
#include "cmd_stack_options.h"
#include "contextrun.h"
#include "debugfile.h"
#include "fd.h"
#include "inspect.h"
#include "memoryfile.h"
#include "order.h"
#include "perfmap_open.h"
#include "report_error.h"
#include "stack_fetch.h"
#include "stack_file.h"
#include "stack_load.h"
#include "stack_program.h"
#include "stack_save.h"
#include "stack_show.h"
#include "still.h"
#include "target_word.h"

#include <signal.h>
#include <string.h>

enum { OUTPUT_BUFFER = 1 << 16 };

// The policy that was asked for, or the default; NULL: there is none of the name.
static const struct policy *policy_of(const struct stack_options *options)
{
	return options->policy ? policy_find(options->policy) : policy_at(0);
}

// What files are opened by.
struct sources {
	struct target *target;
	struct debuginfod *client;
};

// Opens what the worker asks for.
static int open_file(void *arg, const struct inspect_request *request, unsigned *ret_place)
{
	const struct sources *sources = arg;
	const struct debugfile_request wanted = stack_file_wanted(request);

	if (request->kind == WIRE_REQUEST_PERFMAP)
		return perfmap_open(sources->target, request->place, ret_place);
	int fd = debugfile_open(sources->target, &wanted, ret_place);
	return fd < 0 ? stack_fetch(sources->client, request, ret_place) : fd;
}

static int read_memory(void *arg, const struct memory_range *ranges, size_t count)
{
	const struct sources *sources = arg;

	return memoryfile_read(sources->target, ranges, count);
}

// A snapshot and what it says.
struct taken {
	struct snapshot snapshot;
	struct stacks stacks;
	struct capture_rest rest;
};

static void taken_fini(struct taken *taken)
{
	capture_end(&taken->rest);
	snapshot_fini(&taken->snapshot);
	stacks_fini(&taken->stacks);
}

#define auto_taken __attribute__((cleanup(taken_fini)))

static void on_begin(void *arg)
{
	inspect_begin(arg);
}

static void on_modules(void *arg, const struct snapshot *snapshot)
{
	inspect_modules(arg, snapshot);
}

static void on_threads(void *arg, const struct snapshot *snapshot)
{
	inspect_threads(arg, snapshot);
}

// How stacks are taken.
struct taking {
	struct capture_options capture;
	struct context_options context;
};

static int take(struct target *target, const struct taking *taking, struct inspection *inspection,
	struct taken *ret, struct error *err)
{
	struct taken taken = {0};
	struct context_task *task = NULL;
	int r = capture_take(target, &taking->capture, &taken.snapshot, &taken.rest, err);

	if (r == 0)
		task = context_task_start(target, &taken.snapshot, &taking->context);
	capture_release(&taken.rest);
	if (r == 0)
		r = inspect_finish(inspection, &taken.snapshot, &taken.stacks, err);
	context_task_finish(task, r == 0 ? &taken.snapshot : NULL);
	if (r < 0) {
		taken_fini(&taken);
		return r;
	}
	taken_fini(ret);
	*ret = taken;
	return 0;
}

// The threads of TAKEN that were unwound in part only, without all of their registers, to *RET
// (owned by the caller), ascending.
static size_t list_unwhole(const struct taken *taken, pid_t **ret)
{
	size_t count = 0;

	*ret = calloc(taken->snapshot.thread_count + 1, sizeof(**ret));
	for (size_t i = 0; *ret && i < taken->snapshot.thread_count; i++) {
		const struct snapshot_thread *thread = &taken->snapshot.threads[i];
		if (thread->status == SNAPSHOT_THREAD_CAPTURED &&
			thread->regs_known != SNAPSHOT_ALL_REGS &&
			taken->stacks.stacks[i].end.status != STACK_COMPLETE)
			(*ret)[count++] = thread->tid;
	}
	if (count > 0)
		qsort(*ret, count, sizeof(**ret), order_int);
	return count;
}

// Takes TARGET's stacks; and again, if the policy allows it and some could not be unwound without
// the registers that only a stop shows.
static int take_whole(struct target *target, const struct stack_options *options,
	struct inspection *inspection, struct taken *ret, struct error *err)
{
	auto_free pid_t *unwhole = NULL;
	const struct policy *policy = policy_of(options);
	const struct capture_listener listener = {on_begin, on_modules, on_threads, inspection};
	uint32_t timeout_ms = (uint32_t)options->timeout_s * 1000;
	struct taking taking = {.capture = {.policy = policy,
					.tids = options->tids,
					.tid_count = options->tid_count,
					.timeout_ms = timeout_ms,
					.listener = &listener},
		.context = {.kernel = options->kernel, .timeout_ms = timeout_ms}};
	struct capture_options *capture = &taking.capture;

	capture->room = inspect_room(inspection, &capture->room_len);
	int r = take(target, &taking, inspection, ret, err);
	if (r < 0 || !policy->completes)
		return r;
	capture->whole_count = list_unwhole(ret, &unwhole);
	capture->whole = unwhole;
	return capture->whole_count > 0 ? take(target, &taking, inspection, ret, err) : 0;
}

// Finds what the threads of TAKEN wait for, and proves the deadlocks among them, of TARGET, into
// *RET, which is for locks_fini().
static int find_locks(
	const struct target *target, struct taken *taken, struct locks *ret, struct error *err)
{
	if (locks_find(&taken->snapshot, &taken->stacks, ret) < 0)
		return fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the locks of process %d",
			taken->snapshot.pid);
	for (size_t i = 0; i < ret->deadlock_count; i++)
		still_prove(target, &taken->snapshot, ret->cycles + ret->deadlocks[i].first,
			ret->deadlocks[i].count);
	locks_keep_proven(ret, &taken->snapshot);
	return 0;
}

// Does all for TARGET. FIRST is set when nothing was reported before. Returns the exit status.
static int show_target(struct target *target, const struct stack_options *options,
	struct inspection *inspection, struct stack_save *save, bool *first, struct error *err)
{
	auto_taken struct taken taken = {0};
	auto_locks struct locks locks = {0};
	struct stack_report what = {.snapshot = &taken.snapshot,
		.stacks = &taken.stacks,
		.locks = &locks,
		.all_threads = !options->tids,
		.pause = policy_of(options)->name};

	if (take_whole(target, options, inspection, &taken, err) < 0 ||
		find_locks(target, &taken, &locks, err) < 0)
		return EXIT_NONE;
	what.threads_missed = taken.rest.threads_missed;
	int status = stack_show(options, &what, target, first, err);
	stack_save_add(save, &what);
	return status;
}

static int run_target(
	const char *word, const struct stack_options *options, struct stack_save *save, bool *first)
{
	auto_target struct target target = TARGET_EMPTY;
	struct sources sources = {&target, options->client};
	const struct inspect_options inspect = {.worker = {.max_frames = options->max_frames,
							.raw = options->raw,
							.verify = options->verify,
							.keep = options->save != NULL,
							.goroutines = options->tid_count == 0,
							.lines = options->lines,
							.no_inlines = options->no_inlines},
		.timeout_ms = (uint32_t)options->timeout_s * 1000,
		.open_file = open_file,
		.read_memory = read_memory,
		.open_file_arg = &sources,
		.lent_us = &options->client->spent_us,
		.live = stack_program.live};
	auto_inspection struct inspection *inspection = NULL;
	struct error err = {0};
	int status = EXIT_NONE;

	// Its worker starts while we look for the target.
	if (inspect_open(&inspect, &inspection, &err) == 0 &&
		target_word_open(word, &target, &err) == 0) {
		inspect_expect(inspection,
			options->tid_count ? options->tid_count : target.status.threads);
		status = show_target(&target, options, inspection, save, first, &err);
	}
	if (err.kind == ERROR_NONE)
		return status;
	report_error(&err);
	return err.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_NONE;
}

// Takes, shows and, if asked for, keeps the stacks of all targets. Returns the exit status.
static int run_targets(const struct stack_options *options)
{
	struct error err = {0};
	struct stack_save *save = NULL;
	bool first = true;
	int status = EXIT_NONE;

	if (options->save && !(save = stack_save_open(options->save, options->timeout_s, &err))) {
		report_error(&err);
		return EXIT_NONE;
	}
	fd_raise_limit(); // before workers: they get the files that are opened
	if (options->json)
		stack_program.json->begin(stdout);
	for (size_t i = 0; i < options->target_count; i++)
		status = stack_status_combine(
			status, run_target(options->targets[i], options, save, &first), i == 0);
	if (options->json)
		stack_program.json->end(stdout);
	if (save && stack_save_close(save, &err) < 0) {
		report_error(&err);
		return EXIT_NONE;
	}
	return status;
}

// Does what OPTIONS say. Returns the exit status.
static int run(struct stack_options *options)
{
	struct debuginfod client = {0};
	struct error err = {0};

	options->client = &client;
	if (options->debuginfod && debuginfod_init(&client, &err) < 0) {
		report_error(&err);
		return err.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_NONE;
	}
	return options->load ? stack_load(options) : run_targets(options);
}

int cmd_stack(int argc, char **argv)
{
	auto_stack_options struct stack_options options = {0};
	struct error err = {0};
	int status = stack_options_parse(argc, argv, &options, &err);

	if (status == OPTIONS_HELP)
		return options_help(&cmd_stack_options, "nspeek stack");
	if (status == 0 && !policy_of(&options))
		status = fail(&err, ERROR_USAGE, EINVAL,
			"--pause takes auto, never, each or all, not '%s'", options.policy);
	if (status < 0) {
		report_error(&err);
		return EXIT_USAGE;
	}
	if (options.json && !stack_program.json)
		return stack_program.become(argc, argv);
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	// Ignored by the caller, it would take our children's statuses away.
	signal(SIGCHLD, SIG_DFL);
	// A file that may not become so large is an error that is said.
	signal(SIGXFSZ, SIG_IGN);
	status = run(&options);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fail_sys(&err, errno, "write", "standard output");
		report_error(&err);
		return EXIT_NONE;
	}
	return status;
}
