// SPDX-License-Identifier: GPL-2.0-or-later
// What fortified.c has for libraries: musl's headers do not declare it, or declare it otherwise. As
// the functions without "__" and "_chk", but the process ends (abort(3)) if more than ROOM bytes
// would be written; FLAG is not looked at.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define LIKE_PRINTF(at, first) __attribute__((format(printf, at, first)))

void *__memcpy_chk(void *to, const void *from, size_t len, size_t room);
char *__strcpy_chk(char *to, const char *from, size_t room);
char *__stpcpy_chk(char *to, const char *from, size_t room);
char *__strncpy_chk(char *to, const char *from, size_t len, size_t room);
char *__strcat_chk(char *to, const char *from, size_t room);
int __vsnprintf_chk(char *to, size_t len, int flag, size_t room, const char *format, va_list args)
	LIKE_PRINTF(5, 0);
int __snprintf_chk(char *to, size_t len, int flag, size_t room, const char *format, ...)
	LIKE_PRINTF(5, 6);
int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...) LIKE_PRINTF(4, 5);
int __asprintf_chk(char **ret, int flag, const char *format, ...) LIKE_PRINTF(3, 4);
int __fprintf_chk(FILE *file, int flag, const char *format, ...) LIKE_PRINTF(3, 4);
void error(int status, int number, const char *format, ...) LIKE_PRINTF(3, 4);

// GNU's strerror_r(3) and basename(3).
char *gnu_strerror_r(int number, char *room, size_t len) __asm__("strerror_r");
char *gnu_basename(char *path) __asm__("basename");
