// SPDX-License-Identifier: GPL-2.0-or-later
// A file that is there whole, or not at all.
//
// Theory of operation. What is written goes to a file without a name beside where it belongs
// (O_TMPFILE), so that nothing is left of it when we are killed; it gets its name when all of it is
// on the disk. Where a file has the name already, that one is replaced by rename(2), for which the
// new one needs a name of its own for a moment. Where the file system knows no files without a
// name, it has that other name from the beginning, and a kill can leave it.
#pragma once

#include "error.h"

#include <stdbool.h>

struct newfile {
	int fd;        // to write to, mode 0600; -EBADF: none
	int dir_fd;    // where it belongs
	char *path;    // the whole path
	char temp[48]; // the name that it has meanwhile
	bool is_named; // it has that name now
};

#define NEWFILE_EMPTY                                        \
	{                                                    \
		.fd = -EBADF, .dir_fd = -EBADF, .path = NULL \
	}

// Begins the file PATH as *RET. A regular file, or a link, which is not followed, of that name is
// replaced in the end; anything else is refused, so that no device is. Fails with -errno; nothing
// is left then.
int newfile_open(const char *path, struct newfile *ret, struct error *err);

// Ends it: what was written to its fd is on the disk, and has its name. Fails with -errno; what had
// the name before has it still then.
int newfile_commit(struct newfile *file, struct error *err);

// Closes and frees all; what was not committed is removed. Accepts NEWFILE_EMPTY.
void newfile_fini(struct newfile *file);

#define auto_newfile __attribute__((cleanup(newfile_fini)))
