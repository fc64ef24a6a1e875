// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of ld.so.conf, ldconfig(8): the directories of a system's libraries.
#pragma once

#include <limits.h>
#include <stddef.h>

enum ldconf_kind {
	LDCONF_END,
	LDCONF_DIR,     // an absolute directory
	LDCONF_INCLUDE, // a pattern, glob(7), of files to read in its place
};

// Copies the word of the next line at *CURSOR that names something to WORD, moves *CURSOR, a
// NUL-terminated text, on, and returns its kind. Comments, empty and relative lines, those that are
// too long, and "hwcap" are passed over.
enum ldconf_kind ldconf_next(const char **cursor, char word[static PATH_MAX]);
