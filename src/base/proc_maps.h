// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of /proc/PID/maps, proc_pid_maps(5).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One mapping. PATH points into the parsed text, is not NUL-terminated, and has newlines written as
// "\012" by the kernel; PATH_LEN is 0 for anonymous memory.
struct proc_map {
	uint64_t start, end; // addresses, END excluded
	uint64_t offset;     // in the file, bytes
	uint64_t inode;      // 0: no file
	uint32_t dev_major, dev_minor;
	bool readable, writable, executable;
	const char *path;
	size_t path_len;
};

// Parses the line at *CURSOR of a maps text that ends at END into *RET and moves *CURSOR behind it.
// Returns 1, 0 at the end, or -EINVAL for a malformed line (*CURSOR is then where it was).
int proc_map_next(const char **cursor, const char *end, struct proc_map *ret);

// True when MAP is the kernel's vDSO, which is no file.
bool proc_map_is_vdso(const struct proc_map *map);

// True when MAP is code of a file, or the vDSO.
bool proc_map_is_code(const struct proc_map *map);
