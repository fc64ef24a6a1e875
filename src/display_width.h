// SPDX-License-Identifier: GPL-2.0-or-later
// How many columns of a terminal a text takes, in every build and locale alike: wcwidth(3) depends
// on both. Wide characters count two (UAX #11), the common combining marks none, and everything
// else one, rarer marks included.
#pragma once

#include <stddef.h>

// The columns of TEXT, UTF-8 without control characters (text_escape()).
size_t display_width(const char *text);

// How many bytes of TEXT fit into WIDTH columns, up to a whole character, and how many columns
// those take.
size_t display_fit(const char *text, size_t width, size_t *ret_width);
