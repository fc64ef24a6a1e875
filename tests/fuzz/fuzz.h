// SPDX-License-Identifier: GPL-2.0-or-later
// What every fuzz target is: one function, called by libFuzzer or by replay.c.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Has the target read the LEN bytes of DATA. Returns 0. What is wrong ends the process.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
