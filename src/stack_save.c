// SPDX-License-Identifier: GPL-2.0-or-later
// Saving snapshots.
#include "stack_save.h"

#include "cleanup.h"
#include "kept.h"
#include "newfile.h"
#include "report_error.h"
#include "subtask.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

enum { SLOWEST = 8 << 20 }; // bytes a second

struct stack_save {
	struct newfile file;
	uint64_t timeout_s; // for each process
	struct kept_writer *writer;
	size_t count; // processes written
	int r;        // 0, or -errno of what failed first
};

// The files of one process that are kept, within the bounds of kept.h.
struct choice {
	struct file_parts *files; // parallel to the modules; the rows are borrowed
	uint64_t parts, lens;     // what they have so far
	size_t left_out;
};

struct stack_save *stack_save_open(const char *path, uint64_t timeout_s, struct error *err)
{
	struct stack_save *save = calloc(1, sizeof(*save));
	struct kept_origin origin = {.time_s = (uint64_t)time(NULL)};
	struct utsname uts;

	if (!save) {
		fail_sys(err, ENOMEM, "creating", "%s", path);
		return NULL;
	}
	save->timeout_s = timeout_s;
	if (newfile_open(path, &save->file, err) < 0) {
		free(save);
		return NULL;
	}
	if (uname(&uts) == 0)
		snprintf(
			origin.host, sizeof(origin.host), "%.*s", KEPT_HOST_SIZE - 1, uts.nodename);
	save->writer = kept_write_begin(save->file.fd, &origin);
	if (!save->writer)
		save->r = -ENOMEM;
	return save;
}

// Takes PARTS into CHOICE, if they still fit.
static bool choose(struct choice *choice, const struct file_parts *parts)
{
	uint64_t len = file_parts_len(parts);

	if (parts->count == 0 || len > KEPT_PARTS_MAX - choice->parts ||
		parts->file_len > KEPT_FILES_MAX - choice->lens)
		return false;
	choice->parts += len;
	choice->lens += parts->file_len;
	return true;
}

// Chooses among the modules of REPORT those of which it is known whether they are in use: those
// that were opened to unwind come first.
static void choose_modules(
	struct choice *choice, const struct stack_report *report, const bool *in_use, bool wanted)
{
	for (size_t i = 0; i < report->snapshot->module_count; i++) {
		const struct stack_module *module = &report->stacks->modules[i];
		struct file_parts *file = &choice->files[i];
		if (report->snapshot->modules[i].fd < 0 || in_use[i] != wanted)
			continue;
		*file = module->needed;
		if (file->build_id.len == 0)
			file->build_id = module->build_id;
		if (choose(choice, &module->needed))
			continue;
		choice->left_out++;
		file->count = 0;
		file->rows = NULL;
	}
}

// Notes which modules have frames.
static void find_used(const struct stack_report *report, bool *in_use)
{
	for (size_t i = 0; i < report->stacks->stack_count; i++) {
		const struct stack *stack = &report->stacks->stacks[i];
		for (size_t j = 0; j < stack->frame_count; j++)
			if (stack->frames[j].module != STACK_NO_INDEX)
				in_use[stack->frames[j].module] = true;
	}
}

// Lists the debug files that are kept in KEPT; what they have is borrowed.
static void choose_debugs(
	struct choice *choice, const struct stacks *stacks, struct kept_process *kept)
{
	for (size_t i = 0; i < stacks->debug_count; i++)
		if (stacks->debugs[i].fd >= 0 && choose(choice, &stacks->debugs[i].parts))
			kept->debugs[kept->debug_count++] = stacks->debugs[i];
}

// The goroutines of REPORT as they are kept; what they have is borrowed.
static struct parked keep_goroutines(const struct stack_report *report)
{
	const struct goroutines *goroutines = &report->stacks->goroutines;
	struct parked parked = goroutines->copies;

	parked.there = goroutines->there;
	parked.total = goroutines->count;
	memcpy(parked.reason, goroutines->reason, sizeof(parked.reason));
	return parked;
}

// What is written by a child.
struct job {
	struct kept_writer *writer;
	const struct kept_process *kept;
};

static int run_job(void *arg)
{
	const struct job *job = arg;

	return kept_write_process(job->writer, job->kept);
}

static int add(struct stack_save *save, const struct stack_report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	auto_free struct file_parts *files = calloc(snapshot->module_count + 1, sizeof(*files));
	auto_free struct debug_file *debugs =
		calloc(report->stacks->debug_count + 1, sizeof(*debugs));
	auto_free bool *in_use = calloc(snapshot->module_count + 1, sizeof(*in_use));
	struct choice choice = {.files = files};
	struct kept_process kept = {.snapshot = *snapshot,
		.threads_missed = report->threads_missed,
		.all_threads = report->all_threads,
		.files = files,
		.debugs = debugs};

	if (!files || !debugs || !in_use)
		return -ENOMEM;
	kept.snapshot.parked = keep_goroutines(report);
	snprintf(kept.pause, sizeof(kept.pause), "%s", report->pause);
	find_used(report, in_use);
	choose_modules(&choice, report, in_use, true);
	choose_debugs(&choice, report->stacks, &kept);
	choose_modules(&choice, report, in_use, false);
	if (choice.left_out > 0)
		report_warning("%zu files of process %d are kept by path and build id only: they "
			       "are too large, or were not understood",
			choice.left_out, snapshot->pid);
	struct job job = {save->writer, &kept};
	uint64_t limit_s = save->timeout_s + choice.parts / SLOWEST;
	return subtask_run(run_job, &job, (int)limit_s * 1000);
}

void stack_save_add(struct stack_save *save, const struct stack_report *report)
{
	if (!save)
		return;
	if (save->r == 0)
		save->r = add(save, report);
	save->count++;
}

int stack_save_close(struct stack_save *save, struct error *err)
{
	int r = save->r;

	if (r == 0 && save->count == 0)
		report_warning("%s was not written: there is nothing to keep", save->file.path);
	if (r == 0 && save->count > 0)
		r = kept_write_end(save->writer);
	if (r == -ETIMEDOUT)
		fail(err, ERROR_SYSTEM, ETIMEDOUT,
			"write failed on %s: reading the process's files did not end in time "
			"(--timeout)",
			save->file.path);
	else if (r < 0)
		fail_sys(err, -r, "write", "%s", save->file.path);
	else if (save->count > 0)
		r = newfile_commit(&save->file, err);
	kept_write_free(save->writer);
	newfile_fini(&save->file);
	free(save);
	return r;
}
