// SPDX-License-Identifier: GPL-2.0-or-later
// Parsing the options of `nspeek enter`.
#include "cmd_enter_options.h"

#include "cmd_enter.h"
#include "number.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum {
	KEY_EXCEPT = 256,
	KEY_PRIVILEGED,
	KEY_CHILDREN,
	KEY_TIMEOUT,
	KEY_KILL_AFTER,
	KEY_PID_FILE,
	KEY_PRESERVE_FDS,
	KEY_TARGET,
	KEY_NSTYPE, // + index in nstypes
	KEY_END = KEY_NSTYPE + NSTYPE_COUNT,
};

enum { GROUP_NAMESPACES = 1, GROUP_SESSION, GROUP_OTHERS };

enum { PRESERVED_MAX = 1024 }; // fds, for --preserve-fds

enum { ALL_TYPES = (1u << NSTYPE_COUNT) - 1 };

struct parsing {
	struct enter_options *options;
	struct error *err;
	unsigned chosen, excepted; // by -m... and --except
	bool all;
};

// Fixed options. Those of the namespaces are generated from their table.
static const struct argp_option fixed_options[] = {
	{"all", 'a', NULL, 0, "all of them that exist and differ from ours (the default)",
		GROUP_NAMESPACES},
	{"except", KEY_EXCEPT, "LIST", 0, "all but these, separated by commas", GROUP_NAMESPACES},
	{"children", KEY_CHILDREN, NULL, 0,
		"the PID and time namespaces that the target's children get", GROUP_NAMESPACES},
	{"privileged", KEY_PRIVILEGED, NULL, 0,
		"keep all of our capabilities, instead of what the target is bounded to",
		GROUP_OTHERS},
	{"tty", 't', "WHEN", 0,
		"a new terminal for COMMAND: auto (when our stdin and stdout are terminals; the "
		"default), always, never",
		GROUP_SESSION},
	{"timeout", KEY_TIMEOUT, "SECONDS", 0, "then end COMMAND, and all that it started",
		GROUP_SESSION},
	{"kill-after", KEY_KILL_AFTER, "SECONDS", 0,
		"how long after that, or after our terminal hangs up, all is killed (5)",
		GROUP_SESSION},
	{"pid-file", KEY_PID_FILE, "FILE", 0, "write COMMAND's PID here", GROUP_SESSION},
	{"preserve-fds", KEY_PRESERVE_FDS, "N", 0, "COMMAND also inherits N fds from 3 on",
		GROUP_SESSION},
	{"no-fork", 'F', NULL, 0, "become COMMAND, which then stays outside of the PID namespace",
		GROUP_SESSION},
	{"verbose", 'v', NULL, 0, "say each step on stderr", GROUP_OTHERS},
	{"target", KEY_TARGET, "PID", OPTION_HIDDEN, "how others name the TARGET", GROUP_OTHERS},
};

enum { FIXED_COUNT = sizeof(fixed_options) / sizeof(fixed_options[0]), ROWS_PER_TYPE = 3 };

static struct argp_option option_table[FIXED_COUNT + ROWS_PER_TYPE * NSTYPE_COUNT + 1];
static char option_names[NSTYPE_COUNT][32];

// The namespaces that the options so far choose.
static unsigned chosen_types(const struct parsing *parsing)
{
	unsigned chosen = parsing->chosen;

	if (parsing->all || chosen == 0)
		chosen = ALL_TYPES;
	return chosen & ~parsing->excepted;
}

static void settle_namespaces(struct parsing *parsing)
{
	struct nsset_request *namespaces = &parsing->options->request.namespaces;

	namespaces->chosen = chosen_types(parsing);
	namespaces->named = parsing->chosen;
}

// True when namespaces are chosen and each comes from a file.
static bool needs_no_target(const struct parsing *parsing)
{
	unsigned chosen = chosen_types(parsing);

	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (chosen & 1u << i && !parsing->options->request.namespaces.files[i])
			return false;
	return chosen != 0;
}

// WORD was given for TARGET in the way of other tools, or is no way to treat the terminal.
static error_t refuse_target_option(struct parsing *parsing, const char *option, const char *word)
{
	uint64_t number;

	if (strcmp(option, "--target") == 0)
		fail(parsing->err, ERROR_USAGE, EINVAL, "there is no option --target");
	else
		fail(parsing->err, ERROR_USAGE, EINVAL, "%s: '%s' is not auto, always or never",
			option, word);
	if (number_parse_u64(word, &number) == 0)
		error_hint(parsing->err, "did you mean TARGET? nspeek %s ...", word);
	return EINVAL;
}

static error_t parse_tty(struct parsing *parsing, const char *word)
{
	static const char *const words[] = {
		[TERMINAL_AUTO] = "auto", [TERMINAL_ALWAYS] = "always", [TERMINAL_NEVER] = "never"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			parsing->options->session.terminal = i;
			return 0;
		}
	return refuse_target_option(parsing, "--tty", word);
}

static error_t parse_seconds(
	struct parsing *parsing, const char *option, const char *word, uint64_t *ret)
{
	if (number_parse_seconds(word, ret) == 0)
		return 0;
	fail(parsing->err, ERROR_USAGE, EINVAL, "%s: '%s' is no number of seconds", option, word);
	return EINVAL;
}

static error_t parse_preserved(struct parsing *parsing, const char *word)
{
	uint64_t count;

	if (number_parse_u64(word, &count) < 0 || count > PRESERVED_MAX) {
		fail(parsing->err, ERROR_USAGE, EINVAL,
			"--preserve-fds: '%s' is no number of fds up to %d", word, PRESERVED_MAX);
		return EINVAL;
	}
	// Asked before anything of ours is opened.
	for (int fd = 3; fd < 3 + (int)count; fd++)
		if (fcntl(fd, F_GETFD) < 0) {
			fail(parsing->err, ERROR_USAGE, EBADF, "--preserve-fds: fd %d is not open",
				fd);
			return EINVAL;
		}
	parsing->options->session.preserved_count = (unsigned)count;
	return 0;
}

static error_t parse_except(struct parsing *parsing, const char *list)
{
	const char *bad;
	size_t bad_len;
	unsigned mask;

	if (nstype_parse_list(list, &mask, &bad, &bad_len) < 0) {
		fail(parsing->err, ERROR_USAGE, EINVAL,
			"--except: there is no namespace type '%.*s'", (int)bad_len, bad);
		return EINVAL;
	}
	parsing->excepted |= mask;
	return 0;
}

static error_t choose_type(struct parsing *parsing, int i, const char *file)
{
	parsing->chosen |= 1u << i;
	if (file && file[0] == '\0') {
		fail(parsing->err, ERROR_USAGE, EINVAL, "--%s= lacks its FILE", nstypes[i].name);
		return EINVAL;
	}
	if (file)
		parsing->options->request.namespaces.files[i] = file;
	return 0;
}

// The index of the type whose short or long option KEY is, or -1.
static int type_of_key(int key)
{
	if (key >= KEY_NSTYPE && key < KEY_END)
		return key - KEY_NSTYPE;
	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (nstypes[i].option == key)
			return i;
	return -1;
}

// A word that is no option: TARGET, or the first of COMMAND, which takes all that follow.
static void parse_word(struct parsing *parsing, char *word, struct argp_state *state)
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

// The options of the session, or ARGP_ERR_UNKNOWN.
static error_t parse_session_option(struct parsing *parsing, int key, char *arg)
{
	struct session_request *session = &parsing->options->session;

	switch (key) {
	case 't':
		return parse_tty(parsing, arg);
	case 'F':
		session->directly = true;
		return 0;
	case KEY_TIMEOUT:
		return parse_seconds(parsing, "--timeout", arg, &session->timeout_us);
	case KEY_KILL_AFTER:
		return parse_seconds(parsing, "--kill-after", arg, &session->kill_after_us);
	case KEY_PID_FILE:
		session->pid_file = arg;
		return 0;
	case KEY_PRESERVE_FDS:
		return parse_preserved(parsing, arg);
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	int type;

	switch (key) {
	case ARGP_KEY_INIT:
		// getopt's one line is enough: no "Try ..." after it.
		state->err_stream = NULL;
		return 0;
	case 'a':
		parsing->all = true;
		return 0;
	case KEY_EXCEPT:
		return parse_except(parsing, arg);
	case KEY_CHILDREN:
		parsing->options->request.namespaces.children = true;
		return 0;
	case KEY_PRIVILEGED:
		parsing->options->request.privileged = true;
		return 0;
	case 'v':
		parsing->options->verbose = true;
		return 0;
	case KEY_TARGET:
		return refuse_target_option(parsing, "--target", arg);
	case ARGP_KEY_ARG:
		parse_word(parsing, arg, state);
		return 0;
	default:
		type = type_of_key(key);
		return type < 0 ? parse_session_option(parsing, key, arg)
				: choose_type(parsing, type, arg);
	}
}

const struct argp cmd_enter_argp = {
	.options = option_table,
	.parser = parse_option,
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

// Fills the three rows of type I: one for the help, and the two spellings, of which only the long
// one takes a FILE. As one row they would have `-mu' mean `--mount=u'.
static void fill_type(int i, struct argp_option *rows)
{
	const struct nstype *type = &nstypes[i];

	snprintf(option_names[i], sizeof(option_names[i]), "-%c, --%s[=FILE]", type->option,
		type->name);
	rows[0] = (struct argp_option){.name = option_names[i],
		.flags = OPTION_DOC | OPTION_NO_USAGE,
		.doc = type->summary,
		.group = GROUP_NAMESPACES};
	rows[1] = (struct argp_option){
		.key = type->option, .flags = OPTION_HIDDEN, .group = GROUP_NAMESPACES};
	rows[2] = (struct argp_option){.name = type->name,
		.key = KEY_NSTYPE + i,
		.arg = "FILE",
		.flags = OPTION_ARG_OPTIONAL | OPTION_HIDDEN,
		.group = GROUP_NAMESPACES};
}

void cmd_enter_init(void)
{
	memcpy(option_table, fixed_options, sizeof(fixed_options));
	for (int i = 0; i < NSTYPE_COUNT; i++)
		fill_type(i, &option_table[FIXED_COUNT + ROWS_PER_TYPE * i]);
}

int enter_options_parse(int argc, char **argv, struct enter_options *ret, struct error *err)
{
	struct enter_options options = {.session.kill_after_us = SESSION_KILL_AFTER_US};
	struct parsing parsing = {.options = &options, .err = err};

	error_t r = argp_parse(&cmd_enter_argp, argc, argv, ARGP_IN_ORDER, NULL, &parsing);
	if (err->kind != ERROR_NONE)
		return -err->errnum;
	if (r != 0)
		return -r;
	if (chosen_types(&parsing) == 0)
		return fail(err, ERROR_USAGE, EINVAL, "no namespace is left to join");
	settle_namespaces(&parsing);
	options.only_files = needs_no_target(&parsing);
	if (!options.target && !options.only_files)
		return fail(err, ERROR_USAGE, EINVAL, "which TARGET?");
	if (options.session.directly && (options.session.timeout_us || options.session.pid_file ||
						options.session.terminal == TERMINAL_ALWAYS))
		return fail(err, ERROR_USAGE, EINVAL,
			"--no-fork leaves nobody who could do what --timeout, --pid-file and "
			"--tty=always ask for");
	*ret = options;
	return 0;
}
