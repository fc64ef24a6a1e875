// SPDX-License-Identifier: GPL-2.0-or-later
// All processes of the container that a process is in.
//
// Theory of operation. If the process has a PID namespace that is not ours, its container is that
// namespace with all below it: nobody leaves one. Else it is its cgroup with all below it
// (cgroup_home.h). Who knows better than that says what it is (targets.h). /proc is listed until a
// pass finds nobody new, since a process that is born while it is read may stand before the place
// of reading. A PID says nothing by itself: who opens one of them (target_open()) asks
// members_has() afterwards whether what was opened belongs there.
#pragma once

#include "error.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>

enum { MEMBERS_MAX = 1 << 16 }; // listed

struct members {
	pid_t *pids; // ascending; neither the caller nor its children are there
	size_t count;
	bool cut; // there were more, or they kept coming
	// What makes a member:
	uint64_t ns_dev, ns_inode;        // its namespace, or 0
	bool by_mounts;                   // which is of mounts, not of PIDs
	char *cgroups;                    // the text that home points into
	struct cgroup_row *home;          // or its cgroup
	struct members_verdict *verdicts; // of other PID namespaces, as they were met
	size_t verdict_count;
};

// Finds out what makes a member of the container of TARGET, into *RET, which lists nobody yet.
// Fails with ERROR_TARGET when it is in no container (its PID namespace is ours, and its cgroups
// are all roots), or with ERROR_SYSTEM; *RET is then empty.
int members_find(const struct target *target, struct members *ret, struct error *err);

// The same for the container that is the cgroup PATH of the hierarchy HIERARCHY (as struct
// cgroup_row has them), or the mount namespace of TARGET, which is in it.
int members_find_cgroup(const struct target *target, const char *hierarchy, const char *path,
	struct members *ret, struct error *err);
int members_find_mounts(const struct target *target, struct members *ret, struct error *err);

// Lists who is in the container of MEMBERS now, instead of who was before. Fails with ERROR_SYSTEM;
// the list is then empty.
int members_list(struct members *members, struct error *err);

// True when TARGET is one of MEMBERS' container, which members_find() has found.
bool members_has(struct members *members, const struct target *target);

// Accepts a zeroed one.
void members_fini(struct members *members);

#define auto_members __attribute__((cleanup(members_fini)))
