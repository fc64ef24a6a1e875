// SPDX-License-Identifier: GPL-2.0-or-later
// Durations for people to read, in words.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DURATION_SIZE = 40 };

// MS milliseconds as "less than 1 ms", "480 ms", "3.4 s", "34 s", "5 min 20 s", "2 h 13 min" or
// "3 d 4 h": cut off, never rounded up. Into BUFFER of at least DURATION_SIZE bytes, which is
// returned.
const char *duration_text(uint64_t ms, char *buffer, size_t size);
