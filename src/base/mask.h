// SPDX-License-Identifier: GPL-2.0-or-later
// What of /proc and /sys is kept from a process, out of its mountinfo. Pure.
//
// Only what is to be seen counts: what is mounted on the file systems that are on top at /proc and
// /sys, and there the last one on a point. What is the kernel's own place for another of its file
// systems (/sys/fs/cgroup) masks nothing. Source: proc(5), mount_namespaces(7), proc_fs of
// Documentation/filesystems.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mask_kind {
	MASK_HIDDEN,    // by /dev/null, or by an empty file system
	MASK_READ_ONLY, // there, but cannot be written
	MASK_REPLACED,  // by a file or directory of another file system
};

enum {
	MASK_COUNT = 64,
	MASK_POINT_SIZE = 256,
	MASK_TYPE_SIZE = 32,
	MASK_OPTIONS_SIZE = 64,
};

struct mask {
	enum mask_kind kind;
	char point[MASK_POINT_SIZE]; // below the process's root; any byte but NUL
	char type[MASK_TYPE_SIZE];   // MASK_REPLACED: of the file system
	uint64_t mount_id;
};

struct masks {
	struct mask items[MASK_COUNT]; // by point
	size_t count;
	bool more;                       // than are in ITEMS
	char options[MASK_OPTIONS_SIZE]; // of /proc, that hide processes or files; or empty
	bool root_read_only;
};

// Reads TEXT, LEN bytes of a mountinfo, into *RET. Fails with -EINVAL for a malformed line; *RET is
// then undefined.
int masks_parse(const char *text, size_t len, struct masks *ret);
