// SPDX-License-Identifier: GPL-2.0-or-later
// Parts of files: what of a file is kept when the whole of it is not needed.
#pragma once

#include "buildid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILE_PARTS_MAX = 1024 }; // of one file

struct file_part {
	uint64_t offset, len; // bytes
};

// A file and its parts. Without any it is known by its build id only.
struct file_parts {
	struct buildid build_id; // length 0: it has none, or none is known
	uint64_t file_len;       // bytes of the whole file
	struct file_part *rows;  // ascending, apart; owned
	size_t count;
};

// A separate debug file and its parts.
struct debug_file {
	int fd;          // read-only, or -EBADF; owned
	uint32_t module; // whose it is: an index
	struct file_parts parts;
};

// True when the COUNT ROWS may be parts of a file of FILE_LEN bytes: not too many, none empty,
// ascending, none reaching into the next or over the end.
bool file_parts_fit(const struct file_part *rows, size_t count, uint64_t file_len);

// The bytes of all parts of PARTS together.
uint64_t file_parts_len(const struct file_parts *parts);

// Frees what PARTS, or the debug files, own, and empties them. Accept zeroed ones.
void file_parts_fini(struct file_parts *parts);
void debug_files_fini(struct debug_file **files, size_t *count);
