// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack --load`: unwinding what was kept.
#pragma once

#include "cmd_stack_options.h"

// Unwinds and prints all processes of the file that OPTIONS name. Touches no process. Prints
// nothing of a file that is not sound. Returns the exit status.
int stack_load(const struct stack_options *options);
