// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack`: resolve, capture, inspect, report.
#include "cmd_stack.h"

#include "cleanup.h"
#include "cmd_stack_options.h"
#include "debuginfod.h"
#include "output.h"
#include "report_error.h"
#include "stack_load.h"
#include "stack_rounds.h"
#include "stack_shared.h"
#include "stack_show.h"
#include "this_program.h"

#include <signal.h>

// Does what OPTIONS say. Returns the exit status.
static int run(struct stack_options *options)
{
	struct debuginfod client = {0};
	struct stack_shared shared = STACK_SHARED_EMPTY;
	struct error err = {0};

	options->shared = &shared;
	options->client = &client;
	if (options->debuginfod && debuginfod_init(&client, &err) < 0) {
		report_error(&err);
		return err.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_NONE;
	}
	if (!options->load)
		stack_rounds(options);
	return stack_load(options);
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
	if (options.json && !this_program.json)
		return this_program.become(argc, argv);
	output_begin();
	signal(SIGXFSZ, SIG_IGN); // a file that may not become so large is no end of us
	return output_end(run(&options), EXIT_NONE);
}
