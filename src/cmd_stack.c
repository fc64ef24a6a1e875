// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack`: resolve, capture, inspect, report.
#include "cmd_stack.h"

#include "capture.h"
#include "cleanup.h"
#include "cmd_stack_options.h"
#include "files.h"
#include "inspect.h"
#include "report_error.h"
#include "report_stack.h"
#include "target_word.h"

#include <signal.h>
#include <string.h>

enum { EXIT_COMPLETE = 0, EXIT_INCOMPLETE = 1, EXIT_NONE = 2, EXIT_USAGE = 64 };

static bool use_color(const struct stack_options *options)
{
	const char *no_color = getenv("NO_COLOR");

	if (options->color == COLOR_AUTO)
		return isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	return options->color == COLOR_ALWAYS;
}

// Opens what the worker asks for.
static int open_file(void *arg, const struct inspect_request *request)
{
	return files_open_debug(arg, request->build_id);
}

// The exit status for REPORT. A thread that has exited has no stack to miss.
static int judge(const struct stack_report *what)
{
	size_t wanted = 0, complete = 0, any = 0;

	for (size_t i = 0; i < what->stacks->stack_count; i++) {
		wanted += what->snapshot->threads[i].status != SNAPSHOT_THREAD_GONE;
		complete += what->stacks->stacks[i].end.status == STACK_COMPLETE;
		any += what->stacks->stacks[i].frame_count > 0;
	}
	if (any == 0)
		return EXIT_NONE;
	return complete == wanted && !what->threads_missed ? EXIT_COMPLETE : EXIT_INCOMPLETE;
}

// Says in ERR why WHAT, of TARGET, has no stack at all.
static int explain_none(
	const struct target *target, const struct stack_report *what, struct error *err)
{
	const struct snapshot_thread *threads = what->snapshot->threads;
	struct proc_status status;
	char reason[STACK_REASON_SIZE];
	size_t index = 0;

	while (index + 1 < what->snapshot->thread_count &&
		threads[index].status == SNAPSHOT_THREAD_GONE)
		index++;
	if (what->snapshot->thread_count == 0)
		return fail(err, ERROR_TARGET, ESRCH, "process %d has no threads any more",
			target->pid);
	stack_report_reason(what, index, reason, sizeof(reason));
	fail(err, ERROR_TARGET, EIO, "no stack of process %d could be taken: thread %d: %s",
		target->pid, threads[index].tid, reason);
	if (threads[index].status != SNAPSHOT_THREAD_DENIED ||
		(threads[index].errnum != EPERM && threads[index].errnum != EACCES))
		return -EIO;
	if (target_read_status(target, threads[index].tid, &status) == 0 && status.tracer_pid > 0)
		return error_hint(err, "process %d traces it already", status.tracer_pid);
	return error_hint(err,
		"CAP_SYS_PTRACE in its user namespace is needed, and no seccomp filter or "
		"/proc/sys/kernel/yama/ptrace_scope in the way");
}

static int report(const struct stack_options *options, const struct stack_report *what, bool first)
{
	bool merge = !options->no_unique && what->snapshot->thread_count > 1;

	if (options->json)
		return report_stack_json(stdout, what, first);
	if (!first)
		putchar('\n');
	return report_stack_text(stdout, what, merge, use_color(options));
}

// Does all for TARGET. FIRST is set when nothing was reported before. Returns the exit status.
static int show_target(
	struct target *target, const struct stack_options *options, bool *first, struct error *err)
{
	auto_snapshot struct snapshot snapshot = {0};
	auto_stacks struct stacks stacks = {0};
	uint32_t timeout_ms = (uint32_t)options->timeout_s * 1000;
	struct capture_options capture = {options->tids, options->tid_count, timeout_ms};
	struct inspect_options inspect = {
		{options->max_frames, options->raw}, timeout_ms, open_file, target};
	struct stack_report what = {.snapshot = &snapshot, .stacks = &stacks, .pause = "all"};

	if (capture_take(target, &capture, &snapshot, &what.threads_missed, err) < 0 ||
		inspect_run(&snapshot, &inspect, &stacks, err) < 0)
		return EXIT_NONE;
	if (report(options, &what, *first) < 0) {
		fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the report of process %d",
			target->pid);
		return EXIT_NONE;
	}
	*first = false;
	int status = judge(&what);
	if (status == EXIT_NONE)
		explain_none(target, &what, err);
	return status;
}

static int run_target(const char *word, const struct stack_options *options, bool *first)
{
	auto_target struct target target = TARGET_EMPTY;
	struct error err = {0};
	int status = EXIT_NONE;

	if (target_word_open(word, &target, &err) == 0)
		status = show_target(&target, options, first, &err);
	if (err.kind == ERROR_NONE)
		return status;
	report_error(&err);
	return err.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_NONE;
}

// The status of all targets together: all as one, else "some".
static int combine(int sum, int status, bool first)
{
	if (first)
		return status;
	if (sum == EXIT_USAGE || status == EXIT_USAGE)
		return EXIT_USAGE;
	return sum == status ? sum : EXIT_INCOMPLETE;
}

int cmd_stack(int argc, char **argv)
{
	auto_stack_options struct stack_options options = {0};
	struct error err = {0};
	int status = stack_options_parse(argc, argv, &options, &err);
	bool first = true;

	if (status == OPTIONS_HELP)
		return options_help(&cmd_stack_options, "nspeek stack");
	if (status < 0) {
		report_error(&err);
		return EXIT_USAGE;
	}
	// Ignored by the caller, it would take our children's statuses away.
	signal(SIGCHLD, SIG_DFL);
	if (options.json)
		report_stack_json_begin(stdout);
	for (size_t i = 0; i < options.target_count; i++)
		status = combine(status, run_target(options.targets[i], &options, &first), i == 0);
	if (options.json)
		report_stack_json_end(stdout);

	if (fflush(stdout) != 0 || ferror(stdout)) {
		fail_sys(&err, errno, "write", "standard output");
		report_error(&err);
		return EXIT_NONE;
	}
	return status;
}
