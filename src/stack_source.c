// SPDX-License-Identifier: GPL-2.0-or-later
// Taking what a TARGET means.
#include "stack_source.h"

#include "cleanup.h"
#include "debugfile.h"
#include "memoryfile.h"
#include "perfmap_open.h"
#include "progress.h"
#include "report_error.h"
#include "stack_fetch.h"
#include "stack_file.h"
#include "stack_show.h"
#include "this_program.h"

#include <stdio.h>

// Opens what the worker asks for.
static int open_file(void *arg, const struct inspect_request *request, unsigned *ret_place)
{
	const struct stack_source *source = arg;
	const struct debugfile_request wanted = stack_file_wanted(request);

	if (request->kind == WIRE_REQUEST_PERFMAP)
		return perfmap_open(source->current, request->place, ret_place);
	int fd = debugfile_open(source->current, &wanted, ret_place);
	int fetched = fd < 0 ? stack_fetch(source->options->client, request, ret_place) : fd;
	return fetched < 0 ? fd : fetched;
}

static int read_memory(void *arg, const struct memory_range *ranges, size_t count)
{
	const struct stack_source *source = arg;

	return memoryfile_read(source->current, ranges, count);
}

static void note_naming(const char *path)
{
	progress_note("looking for names in %s", path);
}

// Adds a source for WORD.
static struct stack_source *add_source(
	struct stack_source **sources, size_t *count, const char *word)
{
	void *grown = reallocarray(*sources, *count + 1, sizeof(**sources));

	if (!grown)
		return NULL;
	*sources = grown;
	struct stack_source *source = &(*sources)[(*count)++];
	*source = (struct stack_source){.word = word, .named = NAMED_TARGET_EMPTY};
	return source;
}

// Adds a source for each container that WORD means.
static int add_containers(const struct stack_options *options, const char *word,
	struct stack_source **sources, size_t *count)
{
	auto_targets struct targets targets = {0};
	struct error err = {0};
	struct stack_source *source;

	int r = targets_open(word, &targets, &err);
	for (size_t i = 0; r == 0 && i < targets.count; i++) {
		if (!(source = add_source(sources, count, word)))
			return -ENOMEM;
		source->named = targets.rows[i];
		targets.rows[i] = NAMED_TARGET_EMPTY;
		if (source->named.is_whole && options->tid_count > 0)
			fail(&source->failure, ERROR_USAGE, EINVAL,
				"--thread is of one process, and %s means a container: add /PID, "
				"of the process inside",
				word);
	}
	if (r == 0)
		return 0;
	if (!(source = add_source(sources, count, word)))
		return -ENOMEM;
	source->failure = err;
	return 0;
}

int stack_sources_make(
	const struct stack_options *options, struct stack_source **ret, size_t *ret_count)
{
	struct stack_source *sources = NULL;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < options->target_count; i++) {
		const char *word = options->targets[i];
		if (!target_word_is_number(word))
			r = add_containers(options, word, &sources, &count);
		else
			r = add_source(&sources, &count, word) ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		sources[i].whole = options->all_processes || sources[i].named.is_whole;
		sources[i].only = count == 1 && !sources[i].whole && options->repeat == 1;
	}
	*ret = sources;
	*ret_count = count;
	return r;
}

// Opens the target of SOURCE, and finds its container where that is wanted.
static int open_target(struct stack_source *source, struct error *err)
{
	int r = 0;

	if (source->named.target.pidfd < 0)
		r = targets_open_one(source->word, &source->named, err);
	if (r == 0 && source->whole)
		r = named_target_members(&source->named, &source->members, err);
	if (r == 0 && source->options->json)
		named_target_identify(&source->named);
	return r;
}

int stack_source_open(
	struct stack_source *source, const struct stack_options *options, struct error *err)
{
	int r;

	if (source->failure.kind != ERROR_NONE) {
		*err = source->failure;
		return -err->errnum;
	}
	source->options = options;
	source->inspect =
		(struct inspect_options){.worker = {.max_frames = options->max_frames,
						 .raw = options->raw,
						 .verify = options->verify,
						 .keep = options->save != NULL,
						 .goroutines = options->tid_count == 0,
						 .others = options->diff,
						 .lines = options->lines,
						 .no_inlines = options->no_inlines,
						 .tell = progress_is_wanted(),
						 .once = !source->whole && options->repeat == 1},
			.timeout_ms = (uint32_t)options->timeout_s * 1000,
			.open_file = open_file,
			.read_memory = read_memory,
			.open_file_arg = source,
			.lent_us = &options->client->spent_us,
			.on_naming = note_naming,
			.live = this_program.live};
	// Its worker starts while we look for the target.
	if ((r = inspect_open(&source->inspect, &source->inspection, err)) < 0 ||
		(r = open_target(source, err)) < 0) {
		stack_source_close(source);
		return r;
	}
	source->opened = true;
	return 0;
}

void stack_source_release(struct stack_source *source)
{
	inspect_release(source->inspection);
}

void stack_source_end(struct stack_source *source)
{
	inspect_end(source->inspection);
}

void stack_source_close(struct stack_source *source)
{
	named_target_fini(&source->named);
	members_fini(&source->members);
	inspect_close(source->inspection);
	source->inspection = NULL;
}

void stack_set_fini(struct stack_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		stack_process_free(set->processes[i]);
	free(set->processes);
	free(set->reports);
	*set = (struct stack_set){0};
}

static int set_add(struct stack_set *set, struct stack_process *process)
{
	void *processes =
		reallocarray(set->processes, set->count + 1, sizeof(struct stack_process *));
	if (!processes)
		return -ENOMEM;
	set->processes = processes;
	void *reports = reallocarray(set->reports, set->count + 1, sizeof(struct stack_report *));
	if (!reports)
		return -ENOMEM;
	set->reports = reports;
	set->processes[set->count] = process;
	set->reports[set->count++] = &process->report;
	return 0;
}

// Takes the stacks of TARGET into SET. Returns the exit status; *ERR says why it is none.
static int take_process(struct stack_source *source, struct target *target, unsigned round,
	struct stack_save *save, struct stack_set *set, struct error *err)
{
	struct stack_process *process;

	source->current = target;
	if (stack_process_take(target, source->options, source->inspection, &process, err) < 0)
		return EXIT_NONE;
	if (stack_is_gone(&process->report) && (round > 1 || source->whole)) {
		stack_process_free(process);
		fail(err, ERROR_TARGET, ESRCH, "process %d has exited", target->pid);
		return EXIT_NONE;
	}
	process->report.round = round;
	if (source->named.is_contained)
		process->report.container = &source->named.container;
	int status = stack_judge(&process->report);
	if (status == EXIT_NONE)
		stack_explain_none(&process->report, target, err);
	stack_save_add(save, &process->report);
	if ((!source->only && stack_process_close_files(process) < 0) ||
		set_add(set, process) < 0) {
		stack_process_free(process);
		fail_sys(err, ENOMEM, "keeping", "the stacks of process %d", target->pid);
		return EXIT_NONE;
	}
	return status;
}

// That PID was there, and has ended, is no failure.
static void say_exited(pid_t pid)
{
	char text[64];

	snprintf(text, sizeof(text), "process %d has exited", pid);
	report_line(text);
}

// True when ERR is no more than that TARGET, which was there, has gone: what something failed with
// may be what that looks like.
static bool has_vanished(struct target *target, const struct error *err)
{
	struct error end = {0};

	if (err->kind == ERROR_SYSTEM && target->pidfd >= 0)
		return target_verify(target, &end) < 0 || target_follow(target, &end) < 0;
	return err->kind == ERROR_TARGET && err->errnum == ESRCH;
}

// The same for the member PID, and *RET_TAKEN says whether anything came of it that counts.
static int take_member(struct stack_source *source, pid_t pid, unsigned round,
	struct stack_save *save, struct stack_set *set, bool *ret_taken)
{
	auto_target struct target target = TARGET_EMPTY;
	struct error err = {0};
	int status = EXIT_NONE;

	*ret_taken = true;
	if (target_open(pid, &target, &err) == 0) {
		// Somebody else has the number by now.
		if (!members_has(&source->members, &target))
			fail(&err, ERROR_TARGET, ESRCH, "process %d has exited", pid);
		else
			status = take_process(source, &target, round, save, set, &err);
	}
	if (has_vanished(&target, &err)) {
		say_exited(pid);
		*ret_taken = false;
	} else if (err.kind != ERROR_NONE) {
		report_error(&err);
	}
	return status;
}

static bool is_done(const struct stack_set *done, size_t done_count, pid_t pid)
{
	for (size_t i = 0; i < done_count; i++)
		for (size_t j = 0; j < done[i].count; j++)
			if (done[i].processes[j]->snapshot.pid == pid)
				return true;
	return false;
}

int stack_source_take(struct stack_source *source, unsigned round, const struct stack_set *done,
	size_t done_count, struct stack_save *save, struct stack_set *ret, struct error *err)
{
	struct members *members = &source->members;
	struct target *target = &source->named.target;
	int status = EXIT_COMPLETE;
	bool first = true;

	*ret = (struct stack_set){0};
	if (!source->whole) {
		status = take_process(source, target, round, save, ret, err);
		if (round == 1 || !has_vanished(target, err))
			return status;
		say_exited(target->pid);
		*err = (struct error){0};
		source->gone = true;
		return EXIT_COMPLETE;
	}
	if (members_list(members, err) < 0)
		return EXIT_NONE;
	if (members->cut)
		report_warning("there are more processes than can be listed");
	for (size_t i = 0; i < members->count; i++) {
		bool taken;
		if (is_done(done, done_count, members->pids[i]))
			continue;
		int its = take_member(source, members->pids[i], round, save, ret, &taken);
		if (!taken)
			continue;
		status = stack_status_combine(status, its, first);
		first = false;
	}
	source->gone = members->count == 0;
	if (source->gone && round == 1) {
		fail(err, ERROR_TARGET, ESRCH, "no process of the container of %s is left",
			source->word);
		return EXIT_NONE;
	}
	return members->cut ? stack_status_combine(status, EXIT_INCOMPLETE, false) : status;
}
