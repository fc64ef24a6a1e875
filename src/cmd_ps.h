// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek ps`: the processes of containers.
#pragma once

#include "options.h"

// Its options and help.
extern const struct option_set cmd_ps_options;

// Runs the command with its words (ARGV[0] is its name). Returns the exit status: 0, 1 some targets
// failed or some processes are missing, 2 there is nothing, 64 the words make no sense.
int cmd_ps(int argc, char **argv);
