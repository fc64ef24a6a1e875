// SPDX-License-Identifier: GPL-2.0-or-later
// System calls that no stop leaves undisturbed. Any stop wakes a blocked thread; most calls are
// then restarted by the kernel without the program's knowledge, these return EINTR (measured on
// Linux 6.18; signal(7), "Interruption of system calls and library functions by stop signals").
#pragma once

#include "plan.h"

// True when thread TID of PLAN's process is just now blocked in such a call, as far as can be seen.
bool eintr_is_prone(const struct plan *plan, pid_t tid);
