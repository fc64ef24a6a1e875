// SPDX-License-Identifier: GPL-2.0-or-later
// Pure walk over a list of directories such as the value of PATH.
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

// Copies the next directory of the list at *CURSOR to DIR and moves *CURSOR on; false at its end
// (*CURSOR is NULL then). Empty and relative ones are passed over, since what they name depends on
// where one happens to be, and so are those that are too long.
bool pathlist_next(const char **cursor, char dir[static PATH_MAX]);

// Writes the directories of LIST that pathlist_next() gives to BUFFER of SIZE bytes (at least 8),
// separated by ", ", each once; what does not fit is cut, with "..." at the end.
void pathlist_describe(const char *list, char *buffer, size_t size);
