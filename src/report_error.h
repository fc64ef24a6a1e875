// SPDX-License-Identifier: GPL-2.0-or-later
// Errors and warnings on stderr, each one line; what came from the target is escaped.
#pragma once

#include "error.h"

// Prints "nspeek: MESSAGE" and, when there is one, "hint: HINT".
void report_error(const struct error *err);

// Prints "nspeek: warning: ..." with the formatted text.
void report_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Prints TEXT as a line on stdout, escaped, at once.
void report_output(const char *text);

// Prints "nspeek: TEXT", for a note or a step of --verbose.
void report_line(const char *text);
