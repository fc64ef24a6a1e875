// SPDX-License-Identifier: GPL-2.0-or-later
// Errors and warnings on stderr.
#include "report_error.h"

#include "fd.h"
#include "progress.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_SIZE = 4096, PREFIX_SIZE = 64 };

// One write for the whole line, so that lines of several processes do not mix.
static void print_line_to(int fd, const char *prefix, const char *text)
{
	char escaped[LINE_SIZE], line[PREFIX_SIZE + LINE_SIZE];

	progress_clear();
	text_escape(text, escaped, sizeof(escaped));
	int len = snprintf(line, sizeof(line), "%s%s\n", prefix, escaped);
	fd_write_all(fd, line, (size_t)len);
}

static void print_line(const char *prefix, const char *text)
{
	print_line_to(STDERR_FILENO, prefix, text);
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

void report_line(const char *text)
{
	print_line("nspeek: ", text);
}

void report_output(const char *text)
{
	print_line_to(STDOUT_FILENO, "", text);
}
