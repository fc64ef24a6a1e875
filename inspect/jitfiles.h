// SPDX-License-Identifier: GPL-2.0-or-later
// The files in which a process's compilers have written down what they have made.
#pragma once

#include "jitnames.h"
#include "snapshot.h"

// Adds the names that a perf map FD, which is borrowed, has to NAMES. Returns false when it is
// none that can be read. What is mapped for it stays mapped: NAMES refer to it.
bool jitfiles_add_perfmap(struct jitnames *names, int fd);

// The same of those files that the process of SNAPSHOT has mapped to be found by (jitdump.h):
// NAMES refer to them.
bool jitfiles_add_dumps(struct jitnames *names, const struct snapshot *snapshot);
