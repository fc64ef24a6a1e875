// SPDX-License-Identifier: GPL-2.0-or-later
// What stands above the stacks of a process, for people.
#include "report_text.h"

#include "report_context.h"

#include <string.h>
#include <time.h>

enum { LIST_MAX = 20 }; // threads listed in one note

// What the files were, of the modules that have frames: said where names may be missing for it.
static void put_modules(const struct text *text, const struct stack_report *report)
{

	for (size_t i = 0; i < report->stacks->module_count; i++) {
		const struct snapshot_module *module = &report->snapshot->modules[i];
		const char *note = report->stacks->modules[i].note;
		bool by_path = module->source == SNAPSHOT_SOURCE_ROOT;
		bool by_host = module->source == SNAPSHOT_SOURCE_HOST;
		if (!note[0] && !by_path && !by_host)
			continue;
		fputs("note: ", text->out);
		text_put(text, module->path);
		fputs(": ", text->out);
		text_put(text, note[0]   ? note
			       : by_path ? "found by path and build id, not by its mapping"
					 : "not kept; found on this host by path and build id");
		fputc('\n', text->out);
	}
}

// A list of threads, after what is said of it.
static void put_list(const struct text *text, const struct stack_report *report, const char *what,
	bool (*holds)(const struct snapshot_thread *thread))
{
	const struct snapshot *snapshot = report->snapshot;
	size_t count = 0;

	for (size_t i = 0; i < snapshot->thread_count; i++) {
		if (!holds(&snapshot->threads[i]))
			continue;
		if (count == 0)
			fprintf(text->out, "note: %s:", what);
		if (++count <= LIST_MAX)
			fprintf(text->out, " %d", snapshot->threads[i].tid);
	}
	if (count > LIST_MAX)
		fprintf(text->out, " and %zu more", count - LIST_MAX);
	if (count > 0)
		fputc('\n', text->out);
}

static bool was_ended(const struct snapshot_thread *thread)
{
	return thread->status == SNAPSHOT_THREAD_CAPTURED && thread->eintr;
}

static bool was_spared(const struct snapshot_thread *thread)
{
	return thread->spared;
}

// For how long threads were stopped: together, or each.
static void put_pause(const struct text *text, const struct stack_report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	uint32_t longest = 0;

	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].pause_us > longest)
			longest = snapshot->threads[i].pause_us;
	if (strcmp(report->pause, "all") == 0)
		fprintf(text->out, " together for %.3f ms", (double)snapshot->paused_us / 1000);
	else
		fprintf(text->out, " one at a time, for %.3f ms at most", (double)longest / 1000);
}

// How the threads were captured.
static void put_capture(const struct text *text, const struct stack_report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	const char *why = stack_report_no_iterator(report);
	size_t by[] = {[SNAPSHOT_METHOD_NONE] = 0, [SNAPSHOT_METHOD_STOP] = 0};

	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].status == SNAPSHOT_THREAD_CAPTURED)
			by[snapshot->threads[i].method]++;
	size_t unstopped = by[SNAPSHOT_METHOD_ITERATOR] + by[SNAPSHOT_METHOD_PROC];
	fprintf(text->out, "%zu thread%s", snapshot->thread_count,
		snapshot->thread_count == 1 ? "" : "s");
	if (unstopped > 0) {
		fprintf(text->out, ", %zu read without a stop", unstopped);
		if (by[SNAPSHOT_METHOD_PROC] == 0)
			fputs(" (task iterator)", text->out);
		else if (by[SNAPSHOT_METHOD_ITERATOR] == 0)
			fprintf(text->out, " (/proc%s%s)", why && *why ? "; " : "", why ? why : "");
		fprintf(text->out, " in %.3f ms", (double)snapshot->window_us / 1000);
	}
	fprintf(text->out, ", %zu stopped", by[SNAPSHOT_METHOD_STOP]);
	if (by[SNAPSHOT_METHOD_STOP] > 0)
		put_pause(text, report);
	fputs("; names from the files in use\n", text->out);
	put_list(text, report, "stopped in a system call that returns EINTR for it", was_ended);
	put_list(text, report, "not stopped, since its system call would have returned EINTR",
		was_spared);
}

// Where the snapshot was kept, and when.
static void put_origin(const struct text *text, const struct stack_report *report)
{
	const struct stack_origin *origin = report->origin;
	time_t when = (time_t)origin->time_s;
	char date[40] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm);
	fputs("loaded from ", text->out);
	text_put(text, origin->file);
	fprintf(text->out, ", saved %s on ", date);
	text_put(text, origin->host);
	fputc('\n', text->out);
}

void text_put_identity(const struct text *text, const struct stack_report *report)
{
	const struct snapshot *snapshot = report->snapshot;

	fprintf(text->out, "%sprocess %d", text->style->head, snapshot->pid);
	if (snapshot->ns_pid > 0 && snapshot->ns_pid != snapshot->pid)
		fprintf(text->out, " (%d inside)", snapshot->ns_pid);
	fputs(" \"", text->out);
	text_put(text, snapshot->name);
	fputc('"', text->out);
	if (snapshot->exe) {
		fputc(' ', text->out);
		text_put(text, snapshot->exe);
	}
	fprintf(text->out, "%s\n", text->style->end);
}

void text_put_process(const struct text *text, const struct stack_report *report)
{
	text_put_identity(text, report);
	if (report->origin)
		put_origin(text, report);
	put_capture(text, report);
	if (report->threads_missed)
		fputs("note: threads were born faster than they could be listed: some are "
		      "missing\n",
			text->out);
	if (stack_sandbox_note(report->stacks->sandbox))
		fprintf(text->out, "note: %s\n", stack_sandbox_note(report->stacks->sandbox));
	put_modules(text, report);
	report_kernel_text(text->out, report);
	report_deadlocks_text(text->out, report, text->style->trouble, text->style->end);
	fputc('\n', text->out);
}
