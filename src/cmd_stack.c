// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack`: resolve, capture, inspect, report.
#include "cmd_stack.h"

#include "cleanup.h"
#include "cmd_stack_options.h"
#include "debuginfod.h"
#include "report_error.h"
#include "stack_load.h"
#include "stack_program.h"
#include "stack_rounds.h"
#include "stack_show.h"

#include <poll.h>
#include <signal.h>

enum { OUTPUT_BUFFER = 1 << 16 };

// True when whoever has read standard output has stopped to.
static bool is_unread(void)
{
	struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR);
}

// The status once all is written, STATUS so far. That nobody reads on is no failure of ours.
static int finish_output(int status)
{
	struct error err = {0};

	errno = EIO; // what came before the last writing is not known any more
	if ((fflush(stdout) == 0 && !ferror(stdout)) || is_unread())
		return status;
	fail_sys(&err, errno, "write", "standard output");
	report_error(&err);
	return EXIT_NONE;
}

// Does what OPTIONS say. Returns the exit status.
static int run(struct stack_options *options)
{
	struct debuginfod client = {0};
	struct error err = {0};

	options->client = &client;
	if (options->debuginfod && debuginfod_init(&client, &err) < 0) {
		report_error(&err);
		return err.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_NONE;
	}
	return options->load ? stack_load(options) : stack_rounds(options);
}

int cmd_stack(int argc, char **argv)
{
	auto_stack_options struct stack_options options = {0};
	struct error err = {0};
	int status = stack_options_parse(argc, argv, &options, &err);

	if (status == OPTIONS_HELP)
		return options_help(&cmd_stack_options, "nspeek stack");
	if (status < 0) {
		report_error(&err);
		return EXIT_USAGE;
	}
	if (options.json && !stack_program.json)
		return stack_program.become(argc, argv);
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	// Ignored by the caller, it would take our children's statuses away.
	signal(SIGCHLD, SIG_DFL);
	// A file that may not become so large, and a pipe that nobody reads, are no end of us.
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return finish_output(run(&options));
}
