// SPDX-License-Identifier: GPL-2.0-or-later
// What the archives of the libraries want of glibc, for which they are compiled, and musl does not
// have, or has with another meaning: the checked forms of functions, which a compiler with
// -D_FORTIFY_SOURCE calls with the size of what is written to (a check that fails ends the
// process), error(3), and GNU's strerror_r(3) and basename(3).
//
// __printf_chk is not here on purpose: only what prints calls it, and in the archives that writes
// into stdout's buffer by itself, as glibc's is laid out (__overflow, which musl has). So it does
// not link. Source: Linux Standard Base Core Specification 5.0, "Interfaces for libc".
#include "fortified.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(size_t needed, size_t room)
{
	if (needed > room)
		abort();
}

void *__memcpy_chk(void *to, const void *from, size_t len, size_t room)
{
	check(len, room);
	return memcpy(to, from, len);
}

char *__strcpy_chk(char *to, const char *from, size_t room)
{
	check(strlen(from) + 1, room);
	return strcpy(to, from);
}

char *__stpcpy_chk(char *to, const char *from, size_t room)
{
	check(strlen(from) + 1, room);
	return stpcpy(to, from);
}

char *__strncpy_chk(char *to, const char *from, size_t len, size_t room)
{
	check(len, room);
	return strncpy(to, from, len);
}

char *__strcat_chk(char *to, const char *from, size_t room)
{
	check(strlen(to) + strlen(from) + 1, room);
	return strcat(to, from);
}

int __vsnprintf_chk(char *to, size_t len, int flag, size_t room, const char *format, va_list args)
{
	(void)flag;
	check(len, room);
	return vsnprintf(to, len, format, args);
}

int __snprintf_chk(char *to, size_t len, int flag, size_t room, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = __vsnprintf_chk(to, len, flag, room, format, args);
	va_end(args);
	return r;
}

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	int r = vsnprintf(to, room < INT_MAX ? room : INT_MAX, format, args);
	va_end(args);
	check((size_t)r + 1, room);
	return r;
}

int __asprintf_chk(char **ret, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	int r = vasprintf(ret, format, args);
	va_end(args);
	return r;
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	int r = vfprintf(file, format, args);
	va_end(args);
	return r;
}

void error(int status, int number, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (number != 0)
		fprintf(stderr, ": %s", strerror(number));
	fputc('\n', stderr);
	if (status != 0)
		exit(status);
}

char *gnu_strerror_r(int number, char *room, size_t len)
{
	snprintf(room, len, "%s", strerror(number));
	return room;
}

char *gnu_basename(char *path)
{
	char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
