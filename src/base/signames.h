// SPDX-License-Identifier: GPL-2.0-or-later
// Sets of signals in words.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Writes the signals of MASK, whose bit N - 1 is signal N, to BUFFER of SIZE bytes: "SIGINT
// SIGTERM 34"; of more than half of them those that are missing: "all but SIGKILL"; "none". What
// does not fit is cut and marked by "...". Returns BUFFER.
char *signames_of(uint64_t mask, char *buffer, size_t size);
