// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek enter`: run a command, or a shell, as if inside.
#pragma once

#include "options.h"

enum { CMD_ENTER_FAILED = 125 };

// Its options and help, once cmd_enter_init() has been called.
extern const struct option_set cmd_enter_options;

// Fills the options from the table of namespace types.
void cmd_enter_init(void);

// Runs the command with its words (ARGV[0] is for messages). Returns the exit status: that of the
// command that was run, 128 + N when signal N ended it, 125 when nspeek failed, 126 when the
// command cannot be executed, 127 when it was not found.
int cmd_enter(int argc, char **argv);
