// SPDX-License-Identifier: GPL-2.0-or-later
// Rounds.
#include "stack_rounds.h"

#include "cleanup.h"
#include "fd.h"
#include "fdindex.h"
#include "progress.h"
#include "report_error.h"
#include "stack_shared.h"
#include "stack_show.h"
#include "stack_source.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

struct rounds {
	const struct stack_options *options;
	struct stack_show show;
	struct stack_save *save;
	struct stack_source *sources; // one or more for each TARGET
	size_t source_count;
	struct stack_set *sets;   // what was taken of each in this round
	struct stack_set *before; // and in the one before
	int status;               // of all so far
	bool first;               // there is none yet
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

// Has Ctrl-C end the rounds, the second time nspeek.
static void catch_interrupt(void)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
	struct sigaction old;

	if (sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(SIGINT, &action, NULL);
}

static void count_in(struct rounds *rounds, int status)
{
	rounds->status = stack_status_combine(rounds->status, status, rounds->first);
	rounds->first = false;
}

// Shows what was taken of source number INDEX in round ROUND.
static int show_set(struct rounds *rounds, size_t index, unsigned round)
{
	const struct stack_set *now = &rounds->sets[index], *before = &rounds->before[index];
	const struct stack_pair pair = {before->reports, now->reports, before->count, now->count};

	if (!rounds->options->diff)
		return stack_show_reports(&rounds->show, now->reports, now->count);
	return round > 1 ? stack_show_moves(&rounds->show, &pair) : 0;
}

// Takes and shows source number INDEX in round ROUND.
static int run_target(struct rounds *rounds, size_t index, unsigned round, struct error *err)
{
	struct stack_source *source = &rounds->sources[index];
	struct stack_set *set = &rounds->sets[index];

	if (round == 1 && stack_source_open(source, rounds->options, err) < 0)
		return EXIT_NONE;
	int status = stack_source_take(source, round, rounds->sets, index, rounds->save, set, err);
	if (show_set(rounds, index, round) < 0) {
		fail_sys(err, ENOMEM, "showing", "the stacks of %s", source->word);
		return EXIT_NONE;
	}
	return status;
}

static bool is_there(const struct stack_source *source)
{
	return source->opened && !source->gone;
}

static bool any_is_there(const struct rounds *rounds)
{
	for (size_t i = 0; i < rounds->source_count; i++)
		if (is_there(&rounds->sources[i]))
			return true;
	return false;
}

static void run_round(struct rounds *rounds, unsigned round)
{
	const struct stack_options *options = rounds->options;
	// For a process alone it is more than what that one needs.
	bool many = rounds->source_count != 1 || rounds->sources[0].whole;
	auto_fd int index_fd = many ? fdindex_create() : -EBADF;

	options->shared->index_fd = index_fd;
	stack_show_round(&rounds->show, round);
	for (size_t i = 0; i < rounds->source_count; i++) {
		struct error err = {0};
		if (round > 1 && !is_there(&rounds->sources[i]))
			continue;
		int status = run_target(rounds, i, round, &err);
		if (err.kind != ERROR_NONE)
			report_error(&err);
		if (err.kind == ERROR_USAGE)
			status = EXIT_USAGE;
		count_in(rounds, status);
		// The last one's worker ends while all else is given back.
		if (options->repeat == 1 && i + 1 < options->target_count)
			stack_source_close(&rounds->sources[i]);
		else if (options->repeat == 1)
			stack_source_release(&rounds->sources[i]);
	}
}

// Waits until a round's interval after BEGIN. Returns false when there is to be no other round.
static bool wait_for_next(const struct stack_options *options, const struct timespec *begin)
{
	struct timespec until = *begin;

	until.tv_sec += (time_t)(options->interval_us / 1000000);
	until.tv_nsec += (long)(options->interval_us % 1000000) * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	progress_clear();
	while (!interrupted &&
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	return !interrupted;
}

static void forget(struct stack_set *sets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		stack_set_fini(&sets[i]);
}

static void run_rounds(struct rounds *rounds)
{
	const struct stack_options *options = rounds->options;
	struct timespec begin;
	bool more = true;

	for (unsigned round = 1; more; round++) {
		clock_gettime(CLOCK_MONOTONIC, &begin);
		run_round(rounds, round);
		if (options->repeat > 1)
			fflush(stdout);
		struct stack_set *old = rounds->before;
		forget(old, rounds->source_count);
		rounds->before = rounds->sets;
		rounds->sets = old;
		more = round < options->repeat && any_is_there(rounds) && !ferror(stdout) &&
		       wait_for_next(options, &begin);
	}
}

void stack_rounds(const struct stack_options *options)
{
	struct stack_source *sources = NULL;
	size_t count;
	int r = stack_sources_make(options, &sources, &count);
	struct stack_set *sets = calloc(2 * (count + 1), sizeof(*sets));
	struct rounds rounds = {.options = options,
		.show = stack_show_make(options),
		.sources = sources,
		.source_count = count,
		.sets = sets,
		.before = sets + count + 1,
		.status = EXIT_NONE,
		.first = true};
	struct error err = {0};

	if (r < 0 || !sets)
		fail_sys(&err, ENOMEM, "taking", "the stacks");
	else if (options->save)
		rounds.save = stack_save_open(options->save, options->timeout_s, &err);
	if (err.kind != ERROR_NONE) {
		report_error(&err);
		output_leave(EXIT_NONE, EXIT_NONE);
	}
	if (options->repeat > 1)
		catch_interrupt();
	fd_raise_limit(); // before workers: they get the files that are opened
	// A document on the same terminal would be torn by it.
	progress_begin(!options->json || !isatty(STDOUT_FILENO));
	stack_show_begin(&rounds.show);
	run_rounds(&rounds);
	progress_end();
	if (stack_show_end(&rounds.show) < 0) {
		fail_sys(&err, ENOMEM, "showing", "the stacks");
		report_error(&err);
		rounds.status = EXIT_NONE;
	}
	for (size_t i = 0; i < count; i++)
		stack_source_end(&sources[i]);
	taskiter_program_fini(&options->shared->iterator);
	if (rounds.save && stack_save_close(rounds.save, &err) < 0) {
		report_error(&err);
		rounds.status = EXIT_NONE;
	}
	output_leave(rounds.status, EXIT_NONE);
}
