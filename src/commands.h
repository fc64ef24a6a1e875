// SPDX-License-Identifier: GPL-2.0-or-later
// THE table of commands, and choosing one.
#pragma once

#include "options.h"

struct command {
	const char *name;
	const char *summary; // one line of the general help
	const struct option_set *options;
	int (*run)(int argc, char **argv); // ARGV[0] is for messages; returns the exit status
};

// The first row is the default command; the table ends with a NULL name.
extern const struct command commands[];

// The row of the command NAME; NULL: there is none.
const struct command *commands_find(const char *name);

// Runs what the words say: a command, help, or the version. Returns the exit status.
int commands_run(int argc, char **argv);
