// SPDX-License-Identifier: GPL-2.0-or-later
// The beginnings of reading a kept snapshot, whatever stands in it: everything is compared with
// what the file has left. All fail with -errno, which is -EBADMSG for a file that is not sound, and
// the reader's error is filled then.
#pragma once

#include "kept.h"
#include "kept_fields.h"

enum { KEPT_BUFFER_SIZE = 1 << 16 };

struct kept_reader {
	int fd;
	bool looking;          // only looking through: files are not made
	uint64_t at, len;      // bytes taken of the file, and all of its
	size_t first, end;     // what of the buffer is not taken yet
	uint64_t tag;          // what comes next
	uint64_t parts, files; // what the process that is read may still have, see kept.h
	struct kept_origin origin;
	struct error *err; // of the running call
	char *path;
	unsigned char buffer[KEPT_BUFFER_SIZE], copied[KEPT_BUFFER_SIZE];
};

// Refuses the file for the formatted reason. Returns -EBADMSG.
int kept_refuse(struct kept_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Fails for want of memory.
int kept_refuse_memory(struct kept_reader *reader);

// Takes LEN bytes of the file to BYTES.
int kept_take_bytes(struct kept_reader *reader, void *bytes, size_t len);

// Takes a number of WIDTH bytes, at most 8.
int kept_take_number(struct kept_reader *reader, size_t width, uint64_t *ret);

// Takes the numbers of TABLE to STRUCTURE, each within its bounds.
int kept_take_fields(struct kept_reader *reader, const struct kept_table *table, void *structure);

// Takes a string of at most MAX bytes, without NULs, into the new *RET.
int kept_take_string(struct kept_reader *reader, const char *what, size_t max, char **ret);

// The same into BUFFER of SIZE bytes.
int kept_take_text(struct kept_reader *reader, const char *what, char *buffer, size_t size);

// Makes room for COUNT items of SIZE bytes in memory, zeroed, each of which has at least LEN bytes
// in the file, and stores where it is, for free(3), in the pointer at RET.
int kept_make_rows(struct kept_reader *reader, const char *what, size_t count, size_t size,
	size_t len, void *ret);
