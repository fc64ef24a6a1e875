// SPDX-License-Identifier: GPL-2.0-or-later
// Making strings of the target harmless before anything shows them.
#pragma once

#include <stddef.h>

// Copies TEXT to BUFFER of SIZE bytes (at least 1), as valid UTF-8 without control characters: each
// byte that is a C0 or C1 control, DEL, a backslash, or no part of valid UTF-8 is written as \xNN.
// What does not fit is cut at a whole character and marked by "...", as far as SIZE allows. Always
// NUL-terminates. Returns BUFFER.
char *text_escape(const char *text, char *buffer, size_t size);
