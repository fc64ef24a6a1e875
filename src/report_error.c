// SPDX-License-Identifier: GPL-2.0-or-later
// Errors and warnings on stderr.
#include "report_error.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_SIZE = 4096 };

// One write for the whole line, so that lines of several processes do not mix.
static void print_line(const char *prefix, const char *text)
{
	char escaped[LINE_SIZE];

	text_escape(text, escaped, sizeof(escaped));
	dprintf(2, "%s%s\n", prefix, escaped);
}

void report_error(const struct error *err)
{
	print_line("nspeek: ", err->message);
	if (err->hint[0])
		print_line("hint: ", err->hint);
}

void report_warning(const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_line("nspeek: warning: ", text);
}

void report_step(const char *text)
{
	print_line("nspeek: ", text);
}
