// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek ns`: the namespaces of processes, compared, and what confines them.
#pragma once

#include "options.h"

// Its options and help.
extern const struct option_set cmd_ns_options;

// Runs the command. ARGV[0] is its name. Returns the exit status.
int cmd_ns(int argc, char **argv);
