// SPDX-License-Identifier: GPL-2.0-or-later
// Pure reader of the lines that passwd(5) and group(5) consist of: fields separated by colons.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// A field; it points into the text that is read, and does not end with NUL.
struct colon_field {
	const char *text;
	size_t len;
};

// Finds the next line from *CURSOR on, before END, that has just COUNT fields, and moves *CURSOR
// past it. Returns false at the end; the fields are then undefined. What getpwent(3) would not take
// for a row is passed over: another number of fields, an empty name, a NUL, and lines that begin
// with `#', a blank, or with `+' or `-', which ask for a network's users.
bool colonline_next(
	const char **cursor, const char *end, size_t count, struct colon_field *ret_fields);

// True when FIELD is the string WORD.
bool colon_field_is(const struct colon_field *field, const char *word);
