// SPDX-License-Identifier: GPL-2.0-or-later
// Escaping of hostile strings.
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// The length of the valid, printable UTF-8 sequence at P (which ends with NUL), or 0.
static size_t sequence_len(const unsigned char *p)
{
	size_t len;

	if (p[0] < 0x20 || p[0] == 0x7f || p[0] == '\\')
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
	bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
	bool too_high = p[0] == 0xf4 && p[1] >= 0x90;
	bool c1_control = p[0] == 0xc2 && p[1] < 0xa0;
	// U+202A-U+202E and U+2066-U+2069 reorder what stands after them on a terminal.
	bool bidi = p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
					    (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
	return overlong || surrogate || too_high || c1_control || bidi ? 0 : len;
}

char *text_escape(const char *text, char *buffer, size_t size)
{
	static const char mark[] = "...";
	const unsigned char *p = (const unsigned char *)text;
	size_t len = 0, mark_at = 0;

	while (*p) {
		size_t bytes = sequence_len(p);
		size_t needed = bytes ? bytes : 4;
		if (len + needed >= size) {
			size_t room = size - 1 - mark_at;
			memcpy(buffer + mark_at, mark, room < 3 ? room : 3);
			len = mark_at + (room < 3 ? room : 3);
			break;
		}
		if (bytes)
			memcpy(buffer + len, p, bytes);
		else
			snprintf(buffer + len, 5, "\\x%02x", *p);
		len += needed;
		p += bytes ? bytes : 1;
		if (len + sizeof(mark) <= size)
			mark_at = len;
	}
	buffer[len] = '\0';
	return buffer;
}
