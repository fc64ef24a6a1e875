// SPDX-License-Identifier: GPL-2.0-or-later
// Parsing the options of `nspeek stack`.
#include "cmd_stack_options.h"

#include "cmd_stack.h"
#include "number.h"
#include "targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	REPEAT_LIMIT = 1 << 20,
	INTERVAL_DEFAULT_US = 1000000,
	MAX_FRAMES_DEFAULT = 1024,
	MAX_FRAMES_LIMIT = 1 << 20,
	TIMEOUT_DEFAULT = 5, // seconds
	TIMEOUT_LIMIT = 86400,
};

// What the functions of the rows get.
struct stack_parsing {
	struct stack_options *options;
	struct error *err;
};

#define refuse(parsing, ...) fail((parsing)->err, ERROR_USAGE, EINVAL, __VA_ARGS__)

static int take_color(void *input, const char *word)
{
	struct stack_parsing *parsing = input;
	int color = color_find(word);

	if (color < 0)
		return refuse(parsing, "--color takes auto, always or never, not '%s'", word);
	parsing->options->color = (enum color)color;
	return 0;
}

static int take_pause(void *input, const char *word)
{
	struct stack_parsing *parsing = input;

	parsing->options->policy = word;
	return 0;
}

static int take_thread(void *input, const char *word)
{
	struct stack_parsing *parsing = input;
	struct stack_options *options = parsing->options;
	pid_t tid;

	if (number_parse_pid(word, &tid) < 0)
		return refuse(parsing, "--thread takes a thread id, not '%s'", word);
	for (size_t i = 0; i < options->tid_count; i++)
		if (options->tids[i] == tid)
			return 0;
	pid_t *grown = reallocarray(options->tids, options->tid_count + 1, sizeof(*grown));
	if (!grown)
		return fail_sys(parsing->err, ENOMEM, "parsing", "the options");
	options->tids = grown;
	options->tids[options->tid_count++] = tid;
	return 0;
}

// A number from 1 to MAX for option NAME, into *RET.
static int take_count(struct stack_parsing *parsing, const char *name, const char *word,
	uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (number_parse_u64(word, &value) < 0 || value == 0 || value > max)
		return refuse(parsing, "--%s takes a number from 1 to %llu, not '%s'", name,
			(unsigned long long)max, word);
	*ret = value;
	return 0;
}

static int take_max_frames(void *input, const char *word)
{
	struct stack_parsing *parsing = input;

	return take_count(
		parsing, "max-frames", word, MAX_FRAMES_LIMIT, &parsing->options->max_frames);
}

static int take_timeout(void *input, const char *word)
{
	struct stack_parsing *parsing = input;

	return take_count(parsing, "timeout", word, TIMEOUT_LIMIT, &parsing->options->timeout_s);
}

static int take_save(void *input, const char *word)
{
	struct stack_parsing *parsing = input;

	parsing->options->save = word;
	return 0;
}

static int take_load(void *input, const char *word)
{
	struct stack_parsing *parsing = input;

	parsing->options->load = word;
	return 0;
}

static int take_raw(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->raw = true;
	return 0;
}

static int take_lines(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->lines = true;
	return 0;
}

static int take_no_inlines(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->no_inlines = true;
	return 0;
}

static int take_kernel(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->kernel = true;
	return 0;
}

static int take_unique(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->no_unique = false;
	return 0;
}

static int take_no_unique(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->no_unique = true;
	return 0;
}

static int take_verify(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->verify = true;
	return 0;
}

static int take_all_processes(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->all_processes = true;
	return 0;
}

static int take_folded(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->folded = true;
	return 0;
}

static int take_diff(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->diff = true;
	return 0;
}

static int take_repeat(void *input, const char *word)
{
	struct stack_parsing *parsing = input;

	return take_count(parsing, "repeat", word, REPEAT_LIMIT, &parsing->options->repeat);
}

static int take_interval(void *input, const char *word)
{
	struct stack_parsing *parsing = input;

	if (number_parse_seconds(word, &parsing->options->interval_us) == 0)
		return 0;
	return refuse(parsing, "--interval takes seconds (1, 0.5), not '%s'", word);
}

static int take_debuginfod(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->debuginfod = true;
	return 0;
}

static int take_json(void *input, const char *arg)
{
	struct stack_parsing *parsing = input;
	(void)arg;

	parsing->options->json = true;
	return 0;
}

static int take_target(void *input, char **words, int count, bool is_quoted)
{
	struct stack_parsing *parsing = input;
	(void)count;
	(void)is_quoted;

	parsing->options->targets[parsing->options->target_count++] = words[0];
	return 1;
}

static const struct option_row rows[] = {
	{.name = "pause",
		.value = "POLICY",
		.values = "auto,never,each,all",
		.summary = "how threads are held while they are copied: auto (blocked ones are "
			   "read without a stop, only the others are stopped, one at a time; the "
			   "default), never, each (in turn), all (at one instant)",
		.take = take_pause},
	{.name = "thread",
		.letter = 't',
		.value = "TID",
		.summary = "only this thread (repeatable)",
		.take = take_thread},
	{.name = "all-processes",
		.letter = 'A',
		.summary = "every process of the container that TARGET is in: of its PID namespace "
			   "and those below, or, when that is ours, of its cgroup and those below",
		.take = take_all_processes},
	{.name = "kernel",
		.letter = 'k',
		.summary = "the kernel's stack under each thread too (CAP_SYS_ADMIN), and the "
			   "processor time that it has used",
		.take = take_kernel},
	{.name = "max-frames",
		.letter = 'n',
		.value = "N",
		.summary = "frames of one stack at most (default 1024); cutting is said",
		.take = take_max_frames},
	{.name = "timeout",
		.value = "SECONDS",
		.summary = "what could not be had by then is reported as such (default 5)",
		.take = take_timeout},
	{.name = "save",
		.value = "FILE",
		.summary = "keep what was copied, and what it takes to unwind it on any host, in "
			   "FILE too",
		.take = take_save},
	{.name = "load",
		.value = "FILE",
		.summary = "no TARGET: unwind and print what --save has kept in FILE; no privilege "
			   "is needed, and none of the process's files",
		.take = take_load},
	{.name = "lines",
		.letter = 'l',
		.summary = "the file and line of each frame, where there is debug information",
		.take = take_lines},
	{.name = "no-inlines",
		.summary = "no frames of inlined functions, which debug information shows",
		.take = take_no_inlines},
	{.name = "raw",
		.summary = "names as they are in the files, not demangled",
		.take = take_raw},
	{.name = "verify",
		.summary = "unwind with a second engine (elfutils) too, and print the first frame "
			   "that differs",
		.take = take_verify},
	{.name = "debuginfod",
		.summary = "ask the servers in DEBUGINFOD_URLS for debug files that are neither in "
			   "the container nor on the host",
		.take = take_debuginfod},
	{.name = "unique",
		.summary = "identical stacks once, with the threads that share them (the default "
			   "for text)",
		.take = take_unique},
	{.name = "no-unique", .summary = "every thread by itself", .take = take_no_unique},
	{.name = "json", .summary = "one JSON document, schema nspeek.stack/1", .take = take_json},
	{.name = "folded",
		.summary = "lines for flame graphs, the outermost frame first: thread;main;f;g "
			   "COUNT",
		.take = take_folded},
	{.name = "repeat",
		.value = "N",
		.summary = "N rounds; Ctrl-C ends after the one at hand",
		.take = take_repeat},
	{.name = "interval",
		.value = "SECONDS",
		.summary = "from the beginning of a round to the next (default 1; 0.5)",
		.take = take_interval},
	{.name = "diff",
		.summary = "only what moved from round to round (2 of them, unless --repeat says "
			   "more)",
		.take = take_diff},
	{.name = "color",
		.value = "WHEN",
		.values = "auto,always,never",
		.summary = "auto (the default: on a terminal, unless NO_COLOR is set), always or "
			   "never",
		.take = take_color},
	{0},
};

const struct option_set cmd_stack_options = {
	.usage = "[OPTION...] TARGET... | --load=FILE",
	.intro = "Print the stack of every thread of a process, with names from the files that it "
		 "has mapped, whatever the host has at the same paths.",
	.notes = TARGETS_HELP
	" A container means all of its processes.\n\n"
	"Exit status: 0 every stack is complete, 1 some are not (or engines differ on "
	"it), 2 there is none, 64 usage.",
	.groups = (const struct option_group[]){{NULL, rows}, {0}},
	.take_words = take_target,
};

const struct policy *stack_options_policy(const struct stack_options *options)
{
	return options->policy ? policy_find(options->policy) : policy_at(0);
}

// What cannot stand beside --load.
static const char *beside_load(const struct stack_options *options)
{
	return options->target_count > 0  ? "TARGET"
	       : options->save            ? "--save"
	       : options->policy          ? "--pause"
	       : options->tid_count > 0   ? "--thread"
	       : options->kernel          ? "--kernel"
	       : options->all_processes   ? "--all-processes"
	       : options->diff            ? "--diff"
	       : options->repeat > 0      ? "--repeat"
	       : options->interval_us > 0 ? "--interval"
					  : NULL;
}

#define exclude(err, a, b) \
	fail(err, ERROR_USAGE, EINVAL, "%s and %s cannot stand beside each other", a, b)

// What excludes each other.
static int check_pairs(const struct stack_options *options, struct error *err)
{
	bool rounds = options->repeat > 1 || options->diff;

	if (options->json && options->folded)
		return exclude(err, "--json", "--folded");
	if (options->diff && options->folded)
		return exclude(err, "--diff", "--folded");
	if (options->all_processes && options->tid_count > 0)
		return exclude(err, "--all-processes", "--thread");
	if (options->save && rounds)
		return exclude(err, "--save", options->diff ? "--diff" : "--repeat");
	if (options->diff && options->repeat == 1)
		return fail(err, ERROR_USAGE, EINVAL, "--diff needs two rounds or more");
	if (options->interval_us > 0 && !rounds)
		return fail(err, ERROR_USAGE, EINVAL, "--interval is of --repeat or --diff");
	return 0;
}

// What must stand together, and what cannot.
static int check_words(const struct stack_options *options, struct error *err)
{
	const char *with = beside_load(options);

	if (!stack_options_policy(options))
		return fail(err, ERROR_USAGE, EINVAL,
			"--pause takes auto, never, each or all, not '%s'", options->policy);
	if (options->load && with)
		return fail(err, ERROR_USAGE, EINVAL,
			"--load takes what was captured from its file: no %s can stand beside it",
			with);
	int r = check_pairs(options, err);
	if (r < 0 || options->load || options->target_count > 0)
		return r;
	fail(err, ERROR_USAGE, EINVAL,
		"which TARGET? a PID, or the name of a container, is needed");
	return error_hint(err, "nspeek help stack");
}

// What is not said.
static void set_defaults(struct stack_options *options)
{
	if (options->repeat == 0)
		options->repeat = options->diff ? 2 : 1;
	if (options->interval_us == 0)
		options->interval_us = INTERVAL_DEFAULT_US;
}

int stack_options_parse(int argc, char **argv, struct stack_options *ret, struct error *err)
{
	auto_stack_options struct stack_options options = {
		.max_frames = MAX_FRAMES_DEFAULT, .timeout_s = TIMEOUT_DEFAULT};
	struct stack_parsing parsing = {&options, err};

	options.targets = calloc((size_t)argc, sizeof(*options.targets));
	if (!options.targets)
		return fail_sys(err, ENOMEM, "parsing", "the options");
	int r = options_parse(&cmd_stack_options, argc, argv, &parsing, err);
	if (r == 0)
		r = check_words(&options, err);
	if (r != 0)
		return r;
	set_defaults(&options);
	*ret = options;
	options = (struct stack_options){0};
	return 0;
}

void stack_options_fini(struct stack_options *options)
{
	free(options->targets);
	free(options->tids);
}
