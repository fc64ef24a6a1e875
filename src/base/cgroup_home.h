// SPDX-License-Identifier: GPL-2.0-or-later
// Which cgroup of a process tells whom it belongs with, and who else is in it. Pure functions over
// /proc/PID/cgroup (cgroups(7)).
#pragma once

#include "cgroup_text.h"

// The row of TEXT, LEN bytes, whose cgroup is the process's home, into *RET: that of systemd's own
// hierarchy, else the deepest of cgroup v1, else that of cgroup v2. In that order, because where
// there are v1 hierarchies, who makes containers by them leaves the v2 row to whoever started it.
// Fails with -ENOENT when the process is in the root of each hierarchy, -EINVAL for a malformed
// text.
int cgroup_home(const char *text, size_t len, struct cgroup_row *ret);

// True when ROW's path is that of HOME, or below it.
bool cgroup_is_below(const struct cgroup_row *home, const struct cgroup_row *row);

// True when the process with the cgroups TEXT, LEN bytes, is in the cgroup of HOME, or below it.
bool cgroup_is_home_of(const struct cgroup_row *home, const char *text, size_t len);
