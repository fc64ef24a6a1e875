// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek list`: the containers of this host.
#pragma once

#include "options.h"

// Its options and help.
extern const struct option_set cmd_list_options;

// Runs the command with its words (ARGV[0] is its name). Returns the exit status: 0, also when
// there is no container; 2 when they could not be looked for; 64 the words make no sense.
int cmd_list(int argc, char **argv);
