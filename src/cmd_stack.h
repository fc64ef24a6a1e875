// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack`: the stacks of all threads of a process.
#pragma once

#include "options.h"

// Its options and help.
extern const struct option_set cmd_stack_options;

// Runs the command with its words (ARGV[0] is its name). Returns the exit status: 0 every stack is
// complete, 1 some are not, or engines differ on them, 2 there is none, 64 the words make no sense.
int cmd_stack(int argc, char **argv);
