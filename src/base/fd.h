// SPDX-License-Identifier: GPL-2.0-or-later
// Reading and writing file descriptors whole, and keeping them from leaking.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Reads FD from its current position to its end, at most MAX bytes, into a new NUL-terminated
// buffer *RET_BUFFER (owned by the caller, to be freed) of *RET_LEN bytes without the NUL.
// Fails with -errno of read(2), -EFBIG when there is more than MAX, -ENOMEM; nothing is left then.
int fd_read_all(int fd, size_t max, char **ret_buffer, size_t *ret_len);

// fd_read_all() on PATH below DIRFD, opened read-only. Also fails with -errno of openat(2). Meant
// for procfs, where nothing blocks.
int fd_read_file_at(int dirfd, const char *path, size_t max, char **ret_buffer, size_t *ret_len);

// Reads at most SIZE - 1 bytes of PATH below DIRFD into BUFFER, NUL-terminated, and returns their
// number: for the small files of procfs, without allocation. Fails with -errno, -EFBIG when it
// does not fit; BUFFER is then undefined.
ssize_t fd_read_small_at(int dirfd, const char *path, char *buffer, size_t size);

// Opens PATH inside the tree ROOT_FD (symbolic links resolve against that root, magic links never)
// for reading, only if it is a regular file. What is behind a name is looked at before it is
// opened, so that no FIFO, socket or device is. Fails with -errno of openat2(2), -EINVAL when it
// is no regular file. Returns an O_CLOEXEC fd that the caller owns.
int fd_open_regular_in_root(int root_fd, const char *path);

// Opens PATH, a name of ours, for reading, only if it is a regular file; which is looked at before.
// Links are followed. As fd_open_regular_in_root().
int fd_open_regular(const char *path);

// Reads exactly LEN bytes from FD, unless the end comes first. Returns the number read, or -errno.
ssize_t fd_read_exact(int fd, void *buffer, size_t len);

// Writes all of BUFFER to FD. Returns 0 or -errno of write(2).
int fd_write_all(int fd, const void *buffer, size_t len);

// Raises the limit of open files as far as it goes: more may be mapped than fds are allowed by
// default.
void fd_raise_limit(void);

// Marks every fd from 3 on close-on-exec, so that none that we inherited goes any further.
// Falls back to /proc/self/fd where close_range(2) does not know CLOSE_RANGE_CLOEXEC (before 5.11).
// Returns 0 or -errno.
int fd_cloexec_all(void);

// Closes every fd from FIRST on. Uses no procfs: where close_range(2) is missing (before 5.9), each
// possible number is closed, those above 65535 excepted.
void fd_close_from(int first);

// Opens /dev/null for each of fds 0 to 2 that is closed, so that no file of ours becomes a standard
// fd by accident. What is written to such a standard output is not lost, but fails, as it would
// have. Returns 0 or -errno.
int fd_fill_standard(void);
