// SPDX-License-Identifier: GPL-2.0-or-later
// Pure reader of a file of environment variables, in the format of docker's --env-file: a line is
// NAME=VALUE, or NAME alone; nothing is quoted or expanded. Blanks before the name do not count,
// those of the value do. Empty lines, and lines that begin with `#', say nothing.
#pragma once

#include <stddef.h>

// One line. The strings point into the text and do not end with NUL.
struct envfile_entry {
	const char *name, *value; // VALUE is NULL for a name alone
	size_t name_len, value_len;
	size_t line; // its number, from 1
};

struct envfile {
	const char *cursor, *end;
	size_t line;     // of what was read last
	const char *why; // what is wrong with it, after a failure
};

// Begins to read TEXT.
void envfile_init(const char *text, size_t len, struct envfile *ret);

// Reads the next entry into *RET. Returns 1, 0 at the end, or -EINVAL when FILE->line is no line of
// that format, for the reason FILE->why.
int envfile_next(struct envfile *file, struct envfile_entry *ret);
