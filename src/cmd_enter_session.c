// SPDX-License-Identifier: GPL-2.0-or-later
// The options of `nspeek enter` that say how the command is run and ended.
#include "enter_option.h"

#include "number.h"

#include <fcntl.h>
#include <string.h>

enum { PRESERVED_MAX = 1024 };

// Other tools take the target after -t.
static int hint_target(struct enter_parsing *parsing, const char *word, int r)
{
	uint64_t number;

	if (number_parse_u64(word, &number) == 0)
		error_hint(parsing->err, "did you mean TARGET? nspeek %s ...", word);
	return r;
}

static int take_target(void *input, const char *word)
{
	struct enter_parsing *parsing = input;

	return hint_target(parsing, word, enter_refuse(parsing, "there is no option --target"));
}

static int take_tty(void *input, const char *word)
{
	struct enter_parsing *parsing = input;
	static const char *const words[] = {
		[TERMINAL_AUTO] = "auto", [TERMINAL_ALWAYS] = "always", [TERMINAL_NEVER] = "never"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			parsing->options->session.terminal = i;
			return 0;
		}
	return hint_target(parsing, word,
		enter_refuse(parsing, "--tty: '%s' is none of auto, always, never", word));
}

static int take_timeout(void *input, const char *word)
{
	struct enter_parsing *parsing = input;

	return number_parse_seconds(word, &parsing->options->session.timeout_us) == 0
		       ? 0
		       : enter_refuse(parsing, "--timeout: '%s' is no number of seconds", word);
}

static int take_kill_after(void *input, const char *word)
{
	struct enter_parsing *parsing = input;

	return number_parse_seconds(word, &parsing->options->session.kill_after_us) == 0
		       ? 0
		       : enter_refuse(parsing, "--kill-after: '%s' is no number of seconds", word);
}

static int take_pid_file(void *input, const char *file)
{
	struct enter_parsing *parsing = input;

	parsing->options->session.pid_file = file;
	return 0;
}

static int take_preserve_fds(void *input, const char *word)
{
	struct enter_parsing *parsing = input;
	uint64_t count;

	if (number_parse_u64(word, &count) < 0 || count > PRESERVED_MAX)
		return enter_refuse(parsing, "--preserve-fds: '%s' is no number of fds up to %d",
			word, PRESERVED_MAX);
	// Asked before anything of ours is opened.
	for (int fd = 3; fd < 3 + (int)count; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return enter_refuse(parsing, "--preserve-fds: fd %d is not open", fd);
	parsing->options->session.preserved_count = (unsigned)count;
	return 0;
}

static int take_no_fork(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	(void)arg;

	parsing->options->session.directly = true;
	return 0;
}

const struct option_row enter_session_options[] = {
	{.name = "tty",
		.letter = 't',
		.value = "WHEN",
		.values = "auto,always,never",
		.summary = "a new terminal for COMMAND: auto (when our stdin and stdout are "
			   "terminals; the "
			   "default), always, never",
		.take = take_tty},
	{.name = "timeout",
		.value = "SECONDS",
		.summary = "then end COMMAND, and all that it started",
		.take = take_timeout},
	{.name = "kill-after",
		.value = "SECONDS",
		.summary = "how long after that, or after our terminal hangs up, all is killed (5)",
		.take = take_kill_after},
	{.name = "pid-file",
		.value = "FILE",
		.summary = "write COMMAND's PID here",
		.take = take_pid_file},
	{.name = "preserve-fds",
		.value = "N",
		.summary = "COMMAND also inherits N fds from 3 on",
		.take = take_preserve_fds},
	{.name = "no-fork",
		.letter = 'F',
		.summary = "become COMMAND, which then stays outside of the PID namespace",
		.take = take_no_fork},
	{.name = "target",
		.value = "PID",
		.is_hidden = true,
		.summary = "how others name the TARGET",
		.take = take_target},
	{0},
};
