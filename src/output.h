// SPDX-License-Identifier: GPL-2.0-or-later
// Standard output of commands that print reports: when it is coloured, how wide it is, and whether
// it took everything.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

// The color that WORD means (auto, always, never), or -EINVAL.
int color_find(const char *word);

// True when standard output is to be coloured: always, or, with COLOR_AUTO, on a terminal, unless
// NO_COLOR is set and not empty.
bool output_is_colored(enum color color);

// The columns of the terminal that is standard output; 0: it is none.
size_t output_width(void);

// To be called before a report is made: what is written to no terminal is buffered, a pipe that
// nobody reads is no end of us, and children can be waited for, whatever our caller ignores.
void output_begin(void);

// To be called once all is printed; STATUS so far. Returns it, also when nobody reads on, or FAILED
// after saying that standard output did not take it.
int output_end(int status, int failed);

// The same, and ends the process at once: for when giving memory back piece by piece would only
// take time.
_Noreturn void output_leave(int status, int failed);
