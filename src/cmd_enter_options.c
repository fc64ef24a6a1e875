// SPDX-License-Identifier: GPL-2.0-or-later
// Parsing the options of `nspeek enter`.
#include "cmd_enter_options.h"

#include "cmd_enter.h"
#include "enter_option.h"

#include <assert.h>
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

static error_t take_all(struct enter_parsing *parsing, const char *arg)
{
	(void)arg;
	parsing->all = true;
	return 0;
}

static error_t take_except(struct enter_parsing *parsing, const char *list)
{
	const char *bad;
	size_t bad_len;
	unsigned mask;

	if (nstype_parse_list(list, &mask, &bad, &bad_len) < 0)
		return enter_refuse(
			parsing, "--except: there is no namespace type '%.*s'", (int)bad_len, bad);
	parsing->excepted |= mask;
	return 0;
}

static error_t take_children(struct enter_parsing *parsing, const char *arg)
{
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

static error_t take_tools(struct enter_parsing *parsing, const char *word)
{
	for (unsigned i = 0; i < sizeof(tools_words) / sizeof(tools_words[0]); i++)
		if (strcmp(tools_words[i], word) == 0) {
			parsing->options->request.tools = i;
			return 0;
		}
	return enter_refuse(parsing, "--tools: '%s' is none of auto, never, host and inject", word);
}

static error_t take_type(struct enter_parsing *parsing, int i, const char *file)
{
	parsing->chosen |= 1u << i;
	if (file && file[0] == '\0')
		return enter_refuse(parsing, "--%s= lacks its FILE", nstypes[i].name);
	if (file)
		parsing->options->request.namespaces.files[i] = file;
	return 0;
}

static error_t take_verbose(struct enter_parsing *parsing, const char *arg)
{
	(void)arg;
	parsing->options->verbose = true;
	return 0;
}

static error_t take_dry_run(struct enter_parsing *parsing, const char *arg)
{
	(void)arg;
	parsing->options->dry_run = true;
	return 0;
}

// Those of the namespaces themselves are made from the table nstypes.
static const struct enter_option namespace_options[] = {
	{{"all", 'a', NULL, 0, "all of them that exist and differ from ours (the default)",
		 ENTER_NAMESPACES},
		take_all},
	{{"except", 0, "LIST", 0, "all but these, separated by commas", ENTER_NAMESPACES},
		take_except},
	{{"children", 0, NULL, 0, "the PID and time namespaces that the target's children get",
		 ENTER_NAMESPACES},
		take_children},
	{{0}, NULL},
};

static const struct enter_option other_options[] = {
	{{"tools", 0, "WHERE", 0,
		 "where COMMAND comes from: auto (the default: the container, and what it lacks "
		 "from the host, in the tools view), never (the container), host (the tools "
		 "view), inject (the container, with the host's tools at /.nspeek/bin)",
		 ENTER_OTHERS},
		take_tools},
	{{"dry-run", 0, NULL, 0,
		 "print what would be done, step by step, and whether it is permitted",
		 ENTER_OTHERS},
		take_dry_run},
	{{"verbose", 'v', NULL, 0, "say each step on stderr", ENTER_OTHERS}, take_verbose},
	{{0}, NULL},
};

static const struct enter_option *const option_tables[] = {namespace_options,
	enter_identity_options, enter_environment_options, enter_session_options, other_options};

static const struct argp_option headers[] = {
	{.doc = "Namespaces (without one of these: all)", .group = ENTER_NAMESPACES},
	{.doc = "Who the command is", .group = ENTER_IDENTITY},
	{.doc = "With which variables, and where", .group = ENTER_ENVIRONMENT},
	{.doc = "How it runs and ends", .group = ENTER_SESSION},
	{.doc = "Others", .group = ENTER_OTHERS},
};

enum {
	KEY_TYPE = 256,                    // + index in nstypes
	KEY_ROW = KEY_TYPE + NSTYPE_COUNT, // + index in rows
	ROWS_MAX = 64,
	ARGP_MAX = 3 * (ROWS_MAX + NSTYPE_COUNT),
};

// Filled by cmd_enter_init(): what argp gets, the rows in the order of their keys, and names for
// the help.
static struct argp_option argp_options[ARGP_MAX + 1];
static size_t argp_count;
static const struct enter_option *rows[ROWS_MAX];
static size_t row_count;
static char option_names[ROWS_MAX + NSTYPE_COUNT][48];
static size_t name_count;

static const struct enter_option *row_of_key(int key)
{
	if (key >= KEY_ROW && key < KEY_ROW + (int)row_count)
		return rows[key - KEY_ROW];
	for (size_t i = 0; i < row_count; i++)
		if (key > 0 && rows[i]->argp.key == key)
			return rows[i];
	return NULL;
}

// The index of the type whose short or long option KEY is, or -1.
static int type_of_key(int key)
{
	if (key >= KEY_TYPE && key < KEY_ROW)
		return key - KEY_TYPE;
	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (nstypes[i].option == key)
			return i;
	return -1;
}

// A word that is no option: TARGET, or the first of COMMAND, which takes all that follow.
static void parse_word(struct enter_parsing *parsing, char *word, struct argp_state *state)
{
	struct enter_options *options = parsing->options;
	bool is_first_of_quoted = state->quoted && state->next - 1 == state->quoted;

	if (!options->target && !(is_first_of_quoted && needs_no_target(parsing))) {
		options->target = word;
		return;
	}
	options->request.argv = state->argv + state->next - 1;
	state->next = state->argc;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct enter_parsing *parsing = state->input;

	if (key == ARGP_KEY_INIT) {
		// getopt's one line is enough: no "Try ..." after it.
		state->err_stream = NULL;
		return 0;
	}
	if (key == ARGP_KEY_ARG) {
		parse_word(parsing, arg, state);
		return 0;
	}
	int type = type_of_key(key);
	if (type >= 0)
		return take_type(parsing, type, arg);
	const struct enter_option *row = row_of_key(key);
	return row ? row->take(parsing, arg) : ARGP_ERR_UNKNOWN;
}

// argp's own note says the reverse of how values that may be left out are given.
static char *filter_help(int key, const char *text, void *input)
{
	union {
		const char *text;
		char *same;
	} unchanged = {.text = text};
	(void)input;

	return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? strdup("A value in brackets may be left out, "
							   "and only the long form takes it.")
						  : unchanged.same;
}

const struct argp cmd_enter_argp = {
	.options = argp_options,
	.parser = parse_option,
	.help_filter = filter_help,
	.args_doc = "TARGET [--] [COMMAND [ARG...]]",
	.doc = "Run COMMAND, or a shell, as if inside TARGET's container: in its namespaces, with "
	       "its root, working directory, environment and PATH, as root of it, with no more "
	       "capabilities than it can have.\v"
	       "TARGET is a PID, or PID:INODE with the inode of its pidfd. Options are read up to "
	       "COMMAND. When each namespace has a =FILE and nothing stands before `--', there is "
	       "no TARGET. --net also takes a name in /run/netns.\n\n"
	       "Exit status: that of COMMAND; 128+N when signal N killed it; 125 nspeek failed; "
	       "126 COMMAND cannot be executed; 127 it was not found.",
};

static void add_argp(struct argp_option option)
{
	assert(argp_count < ARGP_MAX);
	argp_options[argp_count++] = option;
}

// Adds OPTION, whose key is its letter, and whose long form may have a value and has KEY, as three
// rows: one for the help, and the two spellings, of which only the long one takes a value. As one
// row they would have `-mu' mean `--mount=u'.
static void add_split(const struct argp_option *option, int key)
{
	char *name = option_names[name_count++];

	snprintf(name, sizeof(option_names[0]), "-%c, --%s[=%s]", option->key, option->name,
		option->arg);
	add_argp((struct argp_option){.name = name,
		.flags = OPTION_DOC | OPTION_NO_USAGE,
		.doc = option->doc,
		.group = option->group});
	add_argp((struct argp_option){
		.key = option->key, .flags = OPTION_HIDDEN, .group = option->group});
	add_argp((struct argp_option){.name = option->name,
		.key = key,
		.arg = option->arg,
		.flags = OPTION_ARG_OPTIONAL | OPTION_HIDDEN,
		.group = option->group});
}

static void add_row(const struct enter_option *row)
{
	int key = KEY_ROW + (int)row_count;
	struct argp_option option = row->argp;

	assert(row_count < ROWS_MAX);
	rows[row_count++] = row;
	if (option.key && option.flags & OPTION_ARG_OPTIONAL) {
		add_split(&option, key);
		return;
	}
	if (!option.key)
		option.key = key;
	add_argp(option);
}

void cmd_enter_init(void)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		add_argp(headers[i]);
	for (int i = 0; i < NSTYPE_COUNT; i++)
		add_split(&(struct argp_option){.name = nstypes[i].name,
				  .key = nstypes[i].option,
				  .arg = "FILE",
				  .doc = nstypes[i].summary,
				  .group = ENTER_NAMESPACES},
			KEY_TYPE + i);
	for (size_t i = 0; i < sizeof(option_tables) / sizeof(option_tables[0]); i++)
		for (const struct enter_option *row = option_tables[i]; row->argp.name; row++)
			add_row(row);
}

int enter_options_parse(int argc, char **argv, struct enter_options *ret, struct error *err)
{
	auto_enter_options struct enter_options options = {
		.session.kill_after_us = SESSION_KILL_AFTER_US};
	struct enter_parsing parsing = {.options = &options, .err = err};

	error_t r = argp_parse(&cmd_enter_argp, argc, argv, ARGP_IN_ORDER, NULL, &parsing);
	if (err->kind != ERROR_NONE)
		return -err->errnum;
	if (r != 0)
		return -r;
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
