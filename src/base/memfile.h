// SPDX-License-Identifier: GPL-2.0-or-later
// Files without a name, in memory.
#pragma once

#include <stddef.h>

// Opens an empty one, which nobody can execute where the kernel knows of that (Linux 6.3); NAME is
// only for /proc. Seals are allowed. Returns the fd, which is the caller's, or -errno.
// Source: memfd_create(2).
int memfile_open(const char *name);

// Opens an empty one for MOST bytes, to be written from its beginning on in pieces of a power of
// two of pages: such a piece, at a multiple of its length, gets one page of its own length, which
// costs little more than a small one to make, to map and to give back. Before Linux 6.14 (tmpfs,
// huge=within_size), and where nothing may be mounted (a tmpfs of its own, that nobody sees), it
// has small ones. Returns the fd, which is the caller's, or -errno: -EFBIG where files may not be
// so large; -ENOMEM where memory has to be promised before it is used, as who touches a page of a
// file that cannot be had then is killed.
int memfile_open_growing(size_t most);

// Opens the file FD once more, read-only. Returns the fd, which is the caller's, or -errno: without
// /proc, -ENOENT.
int memfile_reopen(int fd);
