// SPDX-License-Identifier: GPL-2.0-or-later
// Build ids: what makes a file on disk and a mapping in memory the same file.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { BUILDID_MAX = 64, BUILDID_HEX_SIZE = 2 * BUILDID_MAX + 1 };

struct buildid {
	size_t len; // bytes, 0: there is none
	unsigned char bytes[BUILDID_MAX];
};

// Finds the GNU build id in NOTES, LEN bytes of an ELF note section or segment (elf(5), "Notes";
// 4-byte alignment). Returns one of length 0 when there is none or the notes are malformed.
struct buildid buildid_from_notes(const void *notes, size_t len);

// Finds the GNU build id in the first LEN bytes of an ELF file or of its first mapping (where the
// linkers put the notes). Needs nothing behind LEN; returns length 0 when it is not within.
struct buildid buildid_from_image(const void *image, size_t len);

// True when both are there and equal.
bool buildid_equal(const struct buildid *a, const struct buildid *b);

// Writes the lower case hex digits of ID, NUL-terminated, to HEX.
void buildid_to_hex(const struct buildid *id, char hex[static BUILDID_HEX_SIZE]);
