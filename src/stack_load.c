// SPDX-License-Identifier: GPL-2.0-or-later
// Loading snapshots.
#include "stack_load.h"

#include "cleanup.h"
#include "debugfile.h"
#include "fd.h"
#include "files.h"
#include "inspect.h"
#include "kept.h"
#include "report_error.h"
#include "stack_fetch.h"
#include "stack_file.h"
#include "stack_show.h"
#include "this_program.h"

#include <fcntl.h>

// The file that was kept beside module INDEX of KEPT, or -EBADF.
static int find_debug(const struct kept_process *kept, uint32_t index)
{
	for (size_t i = 0; i < kept->debug_count; i++)
		if (kept->debugs[i].fd >= 0 && kept->debugs[i].module == index)
			return kept->debugs[i].fd;
	return -EBADF;
}

// What files are opened by.
struct sources {
	struct kept_process *kept;
	struct debuginfod *client;
};

// Opens what the worker asks for: what was kept of it, then the files of this host, where a better
// one may be than where the snapshot was taken.
static int open_file(void *arg, const struct inspect_request *request, unsigned *ret_place)
{
	const struct sources *sources = arg;
	const struct kept_process *process = sources->kept;
	const bool is_perfmap = request->kind == WIRE_REQUEST_PERFMAP;
	// The perf map is kept as the debug file of the module behind the last.
	int kept = wire_is_kept(request->kind) ? find_debug(process, request->module) : -EBADF;
	const unsigned before = kept >= 0; // places
	struct debugfile_request wanted = stack_file_wanted(request);

	*ret_place = 0;
	if (is_perfmap && (request->place > 0 || kept < 0))
		return -ENOENT;
	if (request->place < before)
		return fcntl(kept, F_DUPFD_CLOEXEC, 3);
	wanted.place = request->place - before;
	int fd = debugfile_open(NULL, &wanted, ret_place);
	*ret_place += before;
	int fetched = fd < 0 ? stack_fetch(sources->client, request, ret_place) : fd;
	return fetched < 0 ? fd : fetched;
}

// Looks on this host for the files that were not kept.
static void find_files(struct kept_process *kept)
{
	for (size_t i = 0; i < kept->snapshot.module_count; i++)
		if (kept->snapshot.modules[i].source == SNAPSHOT_SOURCE_NONE &&
			kept->files[i].count == 0 && kept->files[i].build_id.len > 0)
			files_find_kept(&kept->snapshot.modules[i], &kept->files[i].build_id);
}

// As was proven when the snapshot was taken.
static int find_locks(const struct snapshot *snapshot, const struct stacks *stacks,
	struct locks *ret, struct error *err)
{
	if (locks_find(snapshot, stacks, ret) < 0)
		return fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the locks of process %d",
			snapshot->pid);
	locks_keep_proven(ret, snapshot);
	return 0;
}

// Unwinds and prints KEPT. Returns the exit status.
static int show_kept(const struct stack_options *options, struct kept_process *kept,
	const struct stack_origin *origin, struct stack_show *show)
{
	auto_stacks struct stacks stacks = {0};
	struct error err = {0};
	struct sources sources = {kept, options->client};
	const struct inspect_options inspect = {.worker = {.max_frames = options->max_frames,
							.raw = options->raw,
							.verify = options->verify,
							.lines = options->lines,
							.no_inlines = options->no_inlines,
							.once = true},
		.timeout_ms = (uint32_t)options->timeout_s * 1000,
		.open_file = open_file,
		.open_file_arg = &sources,
		.lent_us = &options->client->spent_us,
		.live = this_program.live};
	auto_locks struct locks locks = {0};
	const struct stack_report what = {.snapshot = &kept->snapshot,
		.stacks = &stacks,
		.locks = &locks,
		.all_threads = kept->all_threads,
		.pause = kept->pause,
		.threads_missed = kept->threads_missed,
		.origin = origin,
		.round = 1};
	const struct stack_report *reports[] = {&what};
	int status = EXIT_NONE;

	find_files(kept);
	if (inspect_run(&kept->snapshot, &inspect, &stacks, &err) == 0 &&
		find_locks(&kept->snapshot, &stacks, &locks, &err) == 0) {
		status = stack_judge(&what);
		if (stack_show_reports(show, reports, 1) < 0)
			fail_sys(&err, ENOMEM, "showing", "process %d", kept->snapshot.pid);
		else if (status == EXIT_NONE)
			stack_explain_none(&what, NULL, &err);
	}
	if (err.kind != ERROR_NONE)
		report_error(&err);
	return status;
}

int stack_load(const struct stack_options *options)
{
	struct error err = {0};
	struct stack_show show = stack_show_make(options);
	int status = EXIT_NONE, r = 1;
	struct kept_reader *reader = kept_read_open(options->load, &err);

	if (!reader) {
		report_error(&err);
		return EXIT_NONE;
	}
	fd_raise_limit();
	const struct kept_origin *kept_origin = kept_read_origin(reader);
	const struct stack_origin origin = {options->load, kept_origin->host, kept_origin->time_s};
	stack_show_begin(&show);
	for (bool is_first = true; r > 0; is_first = false) {
		struct kept_process kept = {0};
		r = kept_read_process(reader, &kept, &err);
		if (r > 0)
			status = stack_status_combine(
				status, show_kept(options, &kept, &origin, &show), is_first);
		kept_process_fini(&kept);
	}
	if (stack_show_end(&show) < 0)
		r = fail_sys(&err, ENOMEM, "showing", "what is in %s", options->load);
	kept_read_free(reader);
	if (r < 0) {
		report_error(&err);
		return EXIT_NONE;
	}
	return status;
}
