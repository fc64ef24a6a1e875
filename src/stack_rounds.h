// SPDX-License-Identifier: GPL-2.0-or-later
// Taking and showing all TARGETs, as often as is asked for.
#pragma once

#include "cmd_stack_options.h"

// Takes, shows and, if asked for, keeps the stacks of all targets of OPTIONS, in one round or more.
// Ctrl-C ends that after the round at hand, if there are more. Ends the process with the exit
// status: giving back what the last round has taken would take time and help nobody.
_Noreturn void stack_rounds(const struct stack_options *options);
