// SPDX-License-Identifier: GPL-2.0-or-later
// Notices.
#include "notice.h"

#include <stdarg.h>
#include <stdio.h>

enum { NOTICE_SIZE = 2048 };

// Formats and says.
static void __attribute__((format(printf, 3, 0)))
say(const struct notice *notice, enum notice_kind kind, const char *format, va_list args)
{
	char text[NOTICE_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	notice->say(kind, text);
}

void notice_step(const struct notice *notice, const char *format, ...)
{
	va_list args;

	if (!notice->steps)
		return;
	va_start(args, format);
	say(notice, NOTICE_STEP, format, args);
	va_end(args);
}

void notice_note(const struct notice *notice, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(notice, NOTICE_NOTE, format, args);
	va_end(args);
}

void notice_warning(const struct notice *notice, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(notice, NOTICE_WARNING, format, args);
	va_end(args);
}
