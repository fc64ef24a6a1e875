// SPDX-License-Identifier: GPL-2.0-or-later
// jit-PID.dump: the records in which run-time compilers write down what they have made. Source: the
// Linux kernel, tools/perf/Documentation/jitdump-specification.txt.
#pragma once

#include "jitnames.h"

// True when the LEN BYTES begin as such a file of this machine does.
bool jitdump_is(const unsigned char *bytes, size_t len);

// Adds what the file of LEN BYTES says of code that was made, or moved, to NAMES, which refers to
// BYTES; up to the first record that is none, or is not all there yet.
void jitdump_read(struct jitnames *names, const unsigned char *bytes, size_t len);
