// SPDX-License-Identifier: GPL-2.0-or-later
// What the tools view takes over of the container's own files: copies of a few small ones, and its
// /sys.
#pragma once

#include "notice.h"

#include <stdint.h>

struct targetfiles_request {
	int root;                // the container's files, in the caller's mount namespace
	int view;                // the root of the tools view, with its etc and sys
	int proc_fd;             // a directory of a process in our procfs
	uint64_t sys_attributes; // MOUNT_ATTR_* for its /sys
	const struct notice *notice;
};

// Opens PATH inside the tree ROOT_FD for reading: symbolic links resolve against that root, magic
// links never. Only a regular file is opened, of a file system that holds data (what procfs, sysfs
// and their like call a regular file can have effects when it is read), and by what was looked at,
// so that the name cannot mean another meanwhile. PROC_FD is a directory of a process in our own
// procfs. May block as long as that file system does. Fails with -errno of openat2(2), -EINVAL for
// another kind of file. Returns an O_CLOEXEC fd that the caller owns.
int targetfiles_open(int root_fd, const char *path, int proc_fd);

// Copies the files into the view, and shows /sys there when it is a sysfs. What the container
// lacks, or what is no plain file, is left out. May block as long as a file system of the container
// does. Fails with the first -errno that is of our own side.
int targetfiles_take(const struct targetfiles_request *request);
