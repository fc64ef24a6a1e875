// SPDX-License-Identifier: GPL-2.0-or-later
// The error object: filled once by the first function that sees the failure.
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct error *err, enum error_kind kind, int errnum, const char *format, ...)
{
	if (err && err->kind == ERROR_NONE) {
		va_list args;
		va_start(args, format);
		vsnprintf(err->message, sizeof(err->message), format, args);
		va_end(args);
		err->kind = kind;
		err->errnum = errnum;
	}
	return -errnum;
}

int fail_sys(struct error *err, int errnum, const char *what, const char *subject_format, ...)
{
	char subject[1024];
	va_list args;

	va_start(args, subject_format);
	vsnprintf(subject, sizeof(subject), subject_format, args);
	va_end(args);
	return fail(
		err, ERROR_SYSTEM, errnum, "%s failed on %s: %s", what, subject, strerror(errnum));
}

int error_hint(struct error *err, const char *format, ...)
{
	if (!err)
		return -1;
	if (!err->hint[0]) {
		va_list args;
		va_start(args, format);
		vsnprintf(err->hint, sizeof(err->hint), format, args);
		va_end(args);
	}
	return -err->errnum;
}

int error_append(struct error *err, const char *format, ...)
{
	if (!err)
		return -1;
	size_t len = strlen(err->message);
	va_list args;
	va_start(args, format);
	vsnprintf(err->message + len, sizeof(err->message) - len, format, args);
	va_end(args);
	return -err->errnum;
}

void error_clear(struct error *err)
{
	err->kind = ERROR_NONE;
	err->errnum = 0;
	err->message[0] = '\0';
	err->hint[0] = '\0';
}

bool error_is_valid(const struct error *err)
{
	return err->kind > ERROR_NONE && err->kind <= ERROR_NOT_FOUND && err->errnum > 0 &&
	       memchr(err->message, '\0', sizeof(err->message)) &&
	       memchr(err->hint, '\0', sizeof(err->hint));
}
