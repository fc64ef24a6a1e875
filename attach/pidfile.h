// SPDX-License-Identifier: GPL-2.0-or-later
// The file that says which process the command is.
#pragma once

#include "error.h"

#include <sys/types.h>

// Writes the PID of the child of STUB, the command's process, to PATH, which is made, or replaced.
// Fails when STUB has no child any more.
int pidfile_write(const char *path, pid_t stub, struct error *err);
