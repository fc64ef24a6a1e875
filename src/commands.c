// SPDX-License-Identifier: GPL-2.0-or-later
// The commands of nspeek.
#include "commands.h"

#include "cmd_enter.h"
#include "cmd_list.h"
#include "cmd_ns.h"
#include "cmd_ps.h"
#include "cmd_stack.h"
#include "complete.h"
#include "report_error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 64, COMMAND_NAME_SIZE = 64 };

const struct command commands[] = {
	{"enter", "run a command, or a shell, as if inside (the default)", &cmd_enter_options,
		cmd_enter},
	{"stack", "print every thread's stack", &cmd_stack_options, cmd_stack},
	{"ns", "compare namespaces and say what joining would do", &cmd_ns_options, cmd_ns},
	{"ps", "the processes of a container, with both PIDs", &cmd_ps_options, cmd_ps},
	{"list", "the containers of this host", &cmd_list_options, cmd_list},
	{0},
};

static const char usage[] = "usage: nspeek [enter] [OPTION...] TARGET [--] [COMMAND [ARG...]]\n"
			    "       nspeek stack [OPTION...] TARGET...\n"
			    "       nspeek ns [OPTION...] [TARGET...]\n"
			    "       nspeek ps [OPTION...] TARGET...\n"
			    "       nspeek list [OPTION...]\n"
			    "       nspeek help [COMMAND] | --help | --version\n";

const struct command *commands_find(const char *name)
{
	for (const struct command *row = commands; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

static int help_command(const struct command *row)
{
	char name[COMMAND_NAME_SIZE];

	snprintf(name, sizeof(name), "nspeek %s", row->name);
	return options_help(row->options, name);
}

static int help_general(void)
{
	fputs(usage, stdout);
	printf("\nSee a process the way its container sees it.\n\nCommands:\n");
	for (const struct command *row = commands; row->name; row++)
		printf("  %-10s %s\n", row->name, row->summary);
	printf("\nOptions of enter (those of the others: nspeek help COMMAND):\n\n");
	options_print(commands[0].options, stdout);
	return options_printed();
}

static int help(const char *word)
{
	const struct command *row = word ? commands_find(word) : NULL;
	struct error err = {0};

	if (!word)
		return help_general();
	if (row)
		return help_command(row);
	fail(&err, ERROR_USAGE, EINVAL, "there is no command `%s` to help with", word);
	report_error(&err);
	return EXIT_USAGE;
}

int commands_run(int argc, char **argv)
{
	cmd_enter_init();
	if (argc < 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	const struct command *row = commands_find(argv[1]);
	if (row)
		return row->run(argc - 1, argv + 1);
	if (strcmp(argv[1], "help") == 0)
		return help(argv[2]);
	if (strcmp(argv[1], COMPLETE_WORD) == 0)
		return complete_run(argc - 2, argv + 2);
	if (strcmp(argv[1], "--help") == 0)
		return help(NULL);
	if (strcmp(argv[1], "--version") == 0) {
		printf("nspeek %s\n", NSPEEK_VERSION);
		return options_printed();
	}
	return commands[0].run(argc, argv);
}
