// SPDX-License-Identifier: GPL-2.0-or-later
// One process: print, judge, explain.
#include "stack_show.h"

#include "stack_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool use_color(const struct stack_options *options)
{
	const char *no_color = getenv("NO_COLOR");

	if (options->color == COLOR_AUTO)
		return isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	return options->color == COLOR_ALWAYS;
}

// False for one that has exited, or is none of the program's: there is no stack to miss.
static bool has_stack(const struct snapshot_thread *thread)
{
	return thread->status != SNAPSHOT_THREAD_GONE && thread->status != SNAPSHOT_THREAD_KERNEL;
}

static bool is_left_out(const struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->module_count; i++)
		if (stacks->modules[i].left_out)
			return true;
	return false;
}

// The exit status for REPORT.
static int judge(const struct stack_report *what)
{
	size_t wanted = 0, complete = 0, any = 0;

	for (size_t i = 0; i < what->stacks->stack_count; i++) {
		bool in_doubt = stack_report_differs(what, i);
		wanted += has_stack(&what->snapshot->threads[i]);
		complete += what->stacks->stacks[i].end.status == STACK_COMPLETE && !in_doubt;
		any += what->stacks->stacks[i].frame_count > 0;
	}
	if (any == 0)
		return EXIT_NONE;
	return complete == wanted && !what->threads_missed && !is_left_out(what->stacks)
		       ? EXIT_COMPLETE
		       : EXIT_INCOMPLETE;
}

// Says in ERR why WHAT, of TARGET if that is not NULL, has no stack at all.
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
			what->snapshot->pid);
	stack_report_reason(what, index, reason, sizeof(reason));
	fail(err, ERROR_TARGET, EIO, "no stack of process %d could be taken: thread %d: %s",
		what->snapshot->pid, threads[index].tid, reason);
	if (!target || threads[index].status != SNAPSHOT_THREAD_DENIED ||
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
		return stack_program.json->process(stdout, what, first);
	if (!first)
		putchar('\n');
	return report_stack_text(stdout, what, merge, use_color(options));
}

int stack_show(const struct stack_options *options, const struct stack_report *what,
	const struct target *target, bool *first, struct error *err)
{
	if (report(options, what, *first) < 0) {
		fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the report of process %d",
			what->snapshot->pid);
		return EXIT_NONE;
	}
	*first = false;
	int status = judge(what);
	if (status == EXIT_NONE)
		explain_none(target, what, err);
	return status;
}

int stack_status_combine(int sum, int status, bool first)
{
	if (first)
		return status;
	if (sum == EXIT_USAGE || status == EXIT_USAGE)
		return EXIT_USAGE;
	return sum == status ? sum : EXIT_INCOMPLETE;
}
