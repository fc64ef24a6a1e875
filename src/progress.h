// SPDX-License-Identifier: GPL-2.0-or-later
// Saying on a terminal what is being done, when it takes longer than a second.
//
// Theory of operation. What is being done is noted as it begins; nothing is written until a timer,
// set by the first note, says that a second is over: so what is quick pays for two system calls,
// and only where stderr is a terminal. The line is drawn by the signal's handler, then by whoever
// notes something new, and is erased before anything else is written.
#pragma once

#include <stdbool.h>

// Begins to take notes, if WANTED and stderr is a terminal; else nothing is ever written.
void progress_begin(bool wanted);

// Notes what is being done, formatted; what is of the target in it is escaped.
__attribute__((format(printf, 1, 2))) void progress_note(const char *format, ...);

// True when notes can be seen at all.
bool progress_is_wanted(void);

// Erases the line, if there is one: until a second after the next note nothing is written.
void progress_clear(void);

// The same for ever.
void progress_end(void);
