// SPDX-License-Identifier: GPL-2.0-or-later
// Print, judge, explain.
#include "stack_show.h"

#include "progress.h"
#include "report_stack_diff.h"
#include "this_program.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static bool is_left_out(const struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->module_count; i++)
		if (stacks->modules[i].left_out)
			return true;
	return false;
}

int stack_judge(const struct stack_report *what)
{
	size_t wanted = 0, complete = 0, any = 0;

	for (size_t i = 0; i < what->stacks->stack_count; i++) {
		bool in_doubt = stack_report_differs(what, i);
		wanted += stack_report_has_stack(what, i);
		complete += what->stacks->stacks[i].end.status == STACK_COMPLETE && !in_doubt;
		any += what->stacks->stacks[i].frame_count > 0;
	}
	if (any == 0)
		return EXIT_NONE;
	return complete == wanted && !what->threads_missed && !is_left_out(what->stacks)
		       ? EXIT_COMPLETE
		       : EXIT_INCOMPLETE;
}

int stack_explain_none(
	const struct stack_report *what, const struct target *target, struct error *err)
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

bool stack_is_gone(const struct stack_report *report)
{
	const struct snapshot *snapshot = report->snapshot;

	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].status != SNAPSHOT_THREAD_GONE)
			return false;
	return true;
}

struct stack_show stack_show_make(const struct stack_options *options)
{
	return (struct stack_show){.options = options,
		.text = {.merge = !options->no_unique,
			.color = output_is_colored(options->color),
			.width = output_width()}};
}

void stack_show_begin(struct stack_show *show)
{
	if (show->options->json)
		this_program.json->stack.begin(stdout);
}

int stack_show_end(struct stack_show *show)
{
	int r = 0;

	if (show->options->json)
		this_program.json->stack.end(stdout);
	if (show->options->folded)
		r = folded_print(&show->folded, stdout);
	folded_fini(&show->folded);
	return r;
}

// The time now, for people.
static void put_time(void)
{
	struct timespec now;
	char date[32] = "";
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s.%03ld UTC", date, now.tv_nsec / 1000000);
}

void stack_show_round(struct stack_show *show, unsigned round)
{
	const struct stack_options *options = show->options;

	if (options->repeat == 1 || options->json || options->folded || options->diff)
		return;
	if (show->space)
		putchar('\n');
	printf("round %u of %llu, ", round, (unsigned long long)options->repeat);
	put_time();
	fputs("\n\n", stdout);
	show->space = false;
}

int stack_show_reports(
	struct stack_show *show, const struct stack_report *const *reports, size_t count)
{
	bool first = !show->any;
	int r = 0;

	if (count == 0)
		return 0;
	show->any = true;
	progress_clear();
	if (show->options->folded) {
		for (size_t i = 0; r == 0 && i < count; i++)
			r = folded_add(&show->folded, reports[i]);
		return r;
	}
	if (show->options->json) {
		for (size_t i = 0; r == 0 && i < count; i++)
			r = this_program.json->stack.process(stdout, reports[i], first && i == 0);
		return r;
	}
	if (show->space)
		putchar('\n');
	show->space = true;
	return report_stack_text(stdout, reports, count, &show->text);
}

int stack_show_moves(struct stack_show *show, const struct stack_pair *pair)
{
	bool first = !show->any;

	if (pair->before_count == 0 && pair->after_count == 0)
		return 0;
	show->any = true;
	progress_clear();
	if (show->options->json)
		return this_program.json->stack.diff(stdout, pair, first);
	if (!first)
		putchar('\n');
	return report_diff_text(stdout, pair, &show->text);
}

int stack_status_combine(int sum, int status, bool first)
{
	if (first)
		return status;
	if (sum == EXIT_USAGE || status == EXIT_USAGE)
		return EXIT_USAGE;
	return sum == status ? sum : EXIT_INCOMPLETE;
}
