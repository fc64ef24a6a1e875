// SPDX-License-Identifier: GPL-2.0-or-later
// /tmp/perf-PID.map: the text in which run-time compilers write down what they have made, a line
// each. Source: the Linux kernel, tools/perf/Documentation/jit-interface.txt.
#pragma once

#include "jitnames.h"

// Adds the lines of TEXT, LEN bytes, to NAMES, which refers to TEXT. A line that is none is passed
// over, and so is one that has no end yet.
void perfmap_read(struct jitnames *names, const char *text, size_t len);
