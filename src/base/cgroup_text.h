// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parsers of /proc/PID/cgroup (cgroups(7)) and /proc/PID/mountinfo (proc(5)), and the
// arithmetic between them: where a cgroup's directory is. Names of cgroups and mount points are
// anybody's choice: spaces, colons, backslashes, any byte but a newline.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One line of /proc/PID/cgroup. The words point into the parsed text and have no NUL.
struct cgroup_row {
	const char *name; // controllers, or name=..., separated by commas; empty: cgroup v2
	size_t name_len;
	const char *path; // from the reader's cgroup namespace: begins with a slash, "/.." above it
	size_t path_len;
};

// Parses the line at *CURSOR of a cgroup text that ends at END into *RET and moves *CURSOR behind
// it. Returns 1, 0 at the end, or -EINVAL for a malformed line (*CURSOR is then where it was).
int cgroup_row_next(const char **cursor, const char *end, struct cgroup_row *ret);

// One line of mountinfo. The words point into the parsed text, have no NUL, and have space, tab,
// newline and backslash written as three octal digits.
struct mount_row {
	uint64_t id, parent; // of the mount, and of the one that it is mounted on
	uint32_t dev_major, dev_minor;
	const char *root; // of the mounted tree, in its file system
	size_t root_len;
	const char *point; // where it is mounted
	size_t point_len;
	const char *flags; // of the mount: "ro,nosuid"
	size_t flags_len;
	const char *type; // of the file system
	size_t type_len;
	const char *options; // of the superblock
	size_t options_len;
};

// As cgroup_row_next(), for a mountinfo text.
int mount_row_next(const char **cursor, const char *end, struct mount_row *ret);

// Writes TEXT of LEN bytes, of a mountinfo, without its escapes and NUL-terminated to RET of SIZE
// bytes. Returns its length, or -ENAMETOOLONG; RET is then undefined.
int mount_unescape(const char *text, size_t len, char *ret, size_t size);

// True when LIST of LEN bytes, words separated by commas as in FLAGS and OPTIONS, holds WORD.
bool mount_has_word(const char *list, size_t len, const char *word);

// True when MOUNT shows the hierarchy that ROW is of.
bool cgroup_is_shown_by(const struct cgroup_row *row, const struct mount_row *mount);

// Writes the path of ROW's cgroup below the mount point of MOUNT, which shows its hierarchy, to RET
// of SIZE bytes: relative, without any "..", empty for the mount point itself. Fails with -EXDEV
// when the cgroup is not below it, -ENAMETOOLONG; RET is then undefined.
int cgroup_path_below(
	const struct cgroup_row *row, const struct mount_row *mount, char *ret, size_t size);

// True when ROW's cgroup is outside of the reader's cgroup namespace.
bool cgroup_is_outside(const struct cgroup_row *row);

// The row of the hierarchy NAME of NAME_LEN bytes in a cgroup text of LEN bytes, into *RET. Fails
// with -ENOENT, -EINVAL for a malformed text; *RET is then undefined.
int cgroup_find(
	const char *text, size_t len, const char *name, size_t name_len, struct cgroup_row *ret);
