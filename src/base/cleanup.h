// SPDX-License-Identifier: GPL-2.0-or-later
// Ownership by scope: auto_* release when the variable's scope ends, take_* hand over.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

// Closes *FD if it is open and sets it to -EBADF. errno is kept.
static inline void close_fd(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		errno = saved;
	}
	*fd = -EBADF;
}

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define auto_fd   __attribute__((cleanup(close_fd)))
#define auto_free __attribute__((cleanup(cleanup_free)))
#define auto_dir  __attribute__((cleanup(cleanup_dir)))

// Gives *FD to the caller and leaves -EBADF behind.
static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -EBADF;
	return taken;
}

// Gives the pointer in P to the caller and leaves NULL behind.
#define take_ptr(p)                         \
	__extension__({                     \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})
