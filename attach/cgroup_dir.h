// SPDX-License-Identifier: GPL-2.0-or-later
// The directory of a cgroup: found by /proc/PID/cgroup and our own mountinfo, and walked from where
// its hierarchy is mounted, since each ancestor has a say too. Source: cgroups(7),
// Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/freezer-subsystem.rst.
#pragma once

#include "cgroup_text.h"
#include "error.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { CGROUP_NAME_SIZE = 64 };

struct cgroup_dir {
	bool is_v2;
	char name[CGROUP_NAME_SIZE]; // its controllers, cut where they are too many, or "v2"
	char path[PATH_MAX];         // below the mount, without a slash at its beginning
	int mount_fd;                // the directory where the hierarchy is mounted
};

// Finds the directory of ROW's cgroup by MOUNTS, our mountinfo of LEN bytes. Fails with -EXDEV when
// only other parts of the hierarchy are mounted or the cgroup is outside of our view, -ENOENT when
// it is not mounted at all, -EINVAL for a malformed text, -errno of open(2). *RET has its name also
// then.
int cgroup_dir_find(
	const struct cgroup_row *row, const char *mounts, size_t len, struct cgroup_dir *ret);

// What is done with DIR_FD, the directory of DIR or of an ancestor: the first LEN bytes of its
// path.
typedef int cgroup_visit_fn(
	const struct cgroup_dir *dir, int dir_fd, int len, void *arg, struct error *err);

// Calls VISIT (NULL: nothing) with ARG for every directory from the mount point down to DIR, until
// it fails. *RET_LEAF is DIR's own, which the caller owns then.
int cgroup_dir_walk(const struct cgroup_dir *dir, cgroup_visit_fn *visit, void *arg, int *ret_leaf,
	struct error *err);

// True when the cgroup at DIR_FD is frozen, or being frozen, as far as its own files say it.
bool cgroup_dir_is_frozen(int dir_fd);

// Closes what DIR holds. Accepts one that is CGROUP_DIR_EMPTY.
void cgroup_dir_fini(struct cgroup_dir *dir);

#define CGROUP_DIR_EMPTY ((struct cgroup_dir){.mount_fd = -EBADF})
#define auto_cgroup_dir  __attribute__((cleanup(cgroup_dir_fini)))
