// SPDX-License-Identifier: GPL-2.0-or-later
// The options of `nspeek enter` that say how the command is run and ended.
#include "enter_option.h"

#include "number.h"

#include <fcntl.h>
#include <string.h>

enum { PRESERVED_MAX = 1024 };

// Other tools take the target after -t.
static error_t hint_target(struct enter_parsing *parsing, const char *word, error_t r)
{
	uint64_t number;

	if (number_parse_u64(word, &number) == 0)
		error_hint(parsing->err, "did you mean TARGET? nspeek %s ...", word);
	return r;
}

static error_t take_target(struct enter_parsing *parsing, const char *word)
{
	return hint_target(parsing, word, enter_refuse(parsing, "there is no option --target"));
}

static error_t take_tty(struct enter_parsing *parsing, const char *word)
{
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

static error_t take_timeout(struct enter_parsing *parsing, const char *word)
{
	return number_parse_seconds(word, &parsing->options->session.timeout_us) == 0
		       ? 0
		       : enter_refuse(parsing, "--timeout: '%s' is no number of seconds", word);
}

static error_t take_kill_after(struct enter_parsing *parsing, const char *word)
{
	return number_parse_seconds(word, &parsing->options->session.kill_after_us) == 0
		       ? 0
		       : enter_refuse(parsing, "--kill-after: '%s' is no number of seconds", word);
}

static error_t take_pid_file(struct enter_parsing *parsing, const char *file)
{
	parsing->options->session.pid_file = file;
	return 0;
}

static error_t take_preserve_fds(struct enter_parsing *parsing, const char *word)
{
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

static error_t take_no_fork(struct enter_parsing *parsing, const char *arg)
{
	(void)arg;
	parsing->options->session.directly = true;
	return 0;
}

const struct enter_option enter_session_options[] = {
	{{"tty", 't', "WHEN", 0,
		 "a new terminal for COMMAND: auto (when our stdin and stdout are terminals; the "
		 "default), always, never",
		 ENTER_SESSION},
		take_tty},
	{{"timeout", 0, "SECONDS", 0, "then end COMMAND, and all that it started", ENTER_SESSION},
		take_timeout},
	{{"kill-after", 0, "SECONDS", 0,
		 "how long after that, or after our terminal hangs up, all is killed (5)",
		 ENTER_SESSION},
		take_kill_after},
	{{"pid-file", 0, "FILE", 0, "write COMMAND's PID here", ENTER_SESSION}, take_pid_file},
	{{"preserve-fds", 0, "N", 0, "COMMAND also inherits N fds from 3 on", ENTER_SESSION},
		take_preserve_fds},
	{{"no-fork", 'F', NULL, 0, "become COMMAND, which then stays outside of the PID namespace",
		 ENTER_SESSION},
		take_no_fork},
	{{"target", 0, "PID", OPTION_HIDDEN, "how others name the TARGET", ENTER_SESSION},
		take_target},
	{{0}, NULL},
};
