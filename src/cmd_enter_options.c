// SPDX-License-Identifier: GPL-2.0-or-later
// Parsing the options of `nspeek enter`.
#include "cmd_enter_options.h"

#include "cmd_enter.h"
#include "enter_option.h"
#include "targets.h"

#include <stdio.h>
#include <string.h>

enum { ALL_TYPES = (1u << NSTYPE_COUNT) - 1 };

// The namespaces that the options so far choose.
static unsigned chosen_types(const struct enter_parsing *parsing)
{
	unsigned chosen = parsing->chosen;

	if (parsing->all || chosen == 0)
		chosen = ALL_TYPES;
	return chosen & ~parsing->excepted;
}

static void settle_namespaces(struct enter_parsing *parsing)
{
	struct nsset_request *namespaces = &parsing->options->request.namespaces;

	namespaces->chosen = chosen_types(parsing);
	namespaces->named = parsing->chosen;
}

// True when namespaces are chosen and each comes from a file.
static bool needs_no_target(const struct enter_parsing *parsing)
{
	unsigned chosen = chosen_types(parsing);

	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (chosen & 1u << i && !parsing->options->request.namespaces.files[i])
			return false;
	return chosen != 0;
}

static int take_all(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	(void)arg;

	parsing->all = true;
	return 0;
}

static int take_except(void *input, const char *list)
{
	struct enter_parsing *parsing = input;
	const char *bad;
	size_t bad_len;
	unsigned mask;

	if (nstype_parse_list(list, &mask, &bad, &bad_len) < 0)
		return enter_refuse(
			parsing, "--except: there is no namespace type '%.*s'", (int)bad_len, bad);
	parsing->excepted |= mask;
	return 0;
}

static int take_children(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	(void)arg;

	parsing->options->request.namespaces.children = true;
	return 0;
}

static const char *const tools_words[] = {
	[TOOLS_AUTO] = "auto",
	[TOOLS_NEVER] = "never",
	[TOOLS_HOST] = "host",
	[TOOLS_INJECT] = "inject",
};

static int take_tools(void *input, const char *word)
{
	struct enter_parsing *parsing = input;

	for (unsigned i = 0; i < sizeof(tools_words) / sizeof(tools_words[0]); i++)
		if (strcmp(tools_words[i], word) == 0) {
			parsing->options->request.tools = i;
			return 0;
		}
	return enter_refuse(parsing, "--tools: '%s' is none of auto, never, host and inject", word);
}

static int take_type(void *input, int index, const char *file)
{
	struct enter_parsing *parsing = input;

	parsing->chosen |= 1u << index;
	if (file && file[0] == '\0')
		return enter_refuse(parsing, "--%s= lacks its FILE", nstypes[index].name);
	if (file)
		parsing->options->request.namespaces.files[index] = file;
	return 0;
}

static int take_verbose(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	(void)arg;

	parsing->options->verbose = true;
	return 0;
}

static int take_dry_run(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	(void)arg;

	parsing->options->dry_run = true;
	return 0;
}

static char type_names[128]; // of all types, filled with these:

// Those of single types, filled from the table nstypes by cmd_enter_init(), come before the others.
static struct option_row namespace_options[NSTYPE_COUNT + 4] = {
	[NSTYPE_COUNT] = {.name = "all",
		.letter = 'a',
		.summary = "all of them that exist and differ from ours (the default)",
		.take = take_all},
	{.name = "except",
		.value = "LIST",
		.values = type_names,
		.is_list = true,
		.summary = "all but these, separated by commas",
		.take = take_except},
	{.name = "children",
		.summary = "the PID and time namespaces that the target's children get",
		.take = take_children},
};

static const struct option_row other_options[] = {
	{.name = "tools",
		.value = "WHERE",
		.values = "auto,never,host,inject",
		.summary = "where COMMAND comes from: auto (the default: the container, and what "
			   "it lacks from the host, in the tools view), never (the container), "
			   "host (the tools view), inject (the container, with the host's tools "
			   "at /.nspeek/bin)",
		.take = take_tools},
	{.name = "dry-run",
		.summary = "print what would be done, step by step, and whether it is permitted",
		.take = take_dry_run},
	{.name = "verbose",
		.letter = 'v',
		.summary = "say each step on stderr",
		.take = take_verbose},
	{0},
};

// Words that are no options: TARGET, and COMMAND, which takes all that follow.
static int take_words(void *input, char **words, int count, bool is_quoted)
{
	struct enter_parsing *parsing = input;
	struct enter_options *options = parsing->options;

	if (!options->target && !(is_quoted && needs_no_target(parsing))) {
		options->target = words[0];
		return 1;
	}
	options->request.argv = words;
	return count;
}

static const struct option_group groups[] = {
	{"Namespaces (without one of these: all)", namespace_options},
	{"Who the command is", enter_identity_options},
	{"With which variables, and where", enter_environment_options},
	{"How it runs and ends", enter_session_options},
	{"Others", other_options},
	{0},
};

const struct option_set cmd_enter_options = {
	.usage = "[OPTION...] TARGET [--] [COMMAND [ARG...]]",
	.intro = "Run COMMAND, or a shell, as if inside TARGET's container: in its namespaces, "
		 "with its root, working directory, environment and PATH, as root of it, with no "
		 "more capabilities than it can have.",
	.notes = "A value in brackets may be left out, and only the long form takes "
		 "it.\n\n" TARGETS_HELP " A container means its first process.\n\n"
		 "Options are read up to COMMAND. When each namespace has a =FILE and nothing "
		 "stands before `--', "
		 "there is no TARGET. --net also takes a name in /run/netns.\n\n"
		 "Exit status: that of COMMAND; 128+N when signal N killed it; 125 nspeek failed; "
		 "126 COMMAND cannot be executed; 127 it was not found.",
	.groups = groups,
	.ends_with_command = true,
	.take_words = take_words,
};

void cmd_enter_init(void)
{
	for (int i = 0; i < NSTYPE_COUNT; i++)
		namespace_options[i] = (struct option_row){.name = nstypes[i].name,
			.letter = nstypes[i].option,
			.value = "FILE",
			.is_optional = true,
			.summary = nstypes[i].summary,
			.take_index = take_type,
			.index = i};
	type_names[0] = '\0';
	for (int i = 0; i < NSTYPE_COUNT; i++)
		strcat(strcat(type_names, i ? "," : ""), nstypes[i].name);
}

int enter_options_parse(int argc, char **argv, struct enter_options *ret, struct error *err)
{
	auto_enter_options struct enter_options options = {
		.session.kill_after_us = SESSION_KILL_AFTER_US};
	struct enter_parsing parsing = {.options = &options, .err = err};

	int r = options_parse(&cmd_enter_options, argc, argv, &parsing, err);
	if (r != 0)
		return r;
	if (chosen_types(&parsing) == 0)
		return fail(err, ERROR_USAGE, EINVAL, "no namespace is left to join");
	settle_namespaces(&parsing);
	if (options.request.tools >= TOOLS_HOST &&
		!(options.request.namespaces.chosen & 1u << NSTYPE_MNT))
		return fail(err, ERROR_USAGE, EINVAL,
			"--tools=%s needs the target's mount namespace (-m, or -a for all)",
			tools_words[options.request.tools]);
	options.only_files = needs_no_target(&parsing);
	if (!options.target && !options.only_files)
		return fail(err, ERROR_USAGE, EINVAL, "which TARGET?");
	if (options.session.directly && (options.session.timeout_us || options.session.pid_file ||
						options.session.terminal == TERMINAL_ALWAYS))
		return fail(err, ERROR_USAGE, EINVAL,
			"--no-fork leaves nobody who could do what --timeout, --pid-file and "
			"--tty=always ask for");
	*ret = options;
	options = (struct enter_options){0};
	return 0;
}

void enter_options_fini(struct enter_options *options)
{
	entry_request_fini(&options->request);
}
