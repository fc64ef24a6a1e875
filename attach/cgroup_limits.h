// SPDX-License-Identifier: GPL-2.0-or-later
// What the cgroups of a process limit, in v1, v2 and both beside each other: of each limit the
// tightest on the way from where the hierarchy is mounted, since that is the one that is felt.
// Source: cgroups(7), Documentation/admin-guide/cgroup-v2.rst, cgroup-v1.
#pragma once

#include "cgroup_limit.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CGROUP_CPUS_SIZE = 256 };

// A cgroup of the process.
struct cgroup_place {
	char *name; // of the hierarchy: its controllers, name=..., or "v2"
	char *path; // as our cgroup namespace has it
	char *why;  // its limits are not known, for this reason; or NULL
};

// What is used, and at most, of something.
struct cgroup_use {
	bool is_known;
	uint64_t max;     // or CGROUP_UNLIMITED
	uint64_t current; // in the cgroup of the limit, or where there is none, of the process
	bool has_current;
	char *cgroup; // whose limit it is: the path below the mount; NULL without a limit
};

struct cgroup_limits {
	struct cgroup_place *places;
	size_t count;
	struct cgroup_use memory; // bytes
	struct cgroup_use pids;
	bool has_quota;
	struct cgroup_quota quota; // of processor time
	char *quota_cgroup;
	char cpus[CGROUP_CPUS_SIZE]; // a list, where it is less than all; or empty
	bool has_pressure[3];
	struct cgroup_pressure pressure[3]; // by CGROUP_PRESSURE_*, of its v2 cgroup
	char *frozen;                       // the path of the cgroup that is frozen, or NULL
};

enum { CGROUP_PRESSURE_CPU, CGROUP_PRESSURE_MEMORY, CGROUP_PRESSURE_IO };

// Reads the limits of the cgroups that the process with /proc directory DIR_FD is in, into *RET,
// which cgroup_limits_fini() frees. What cannot be found has a reason in its place. Fails when the
// process's cgroups, or our mounts, cannot be read; nothing is left then.
int cgroup_limits_read(int dir_fd, struct cgroup_limits *ret, struct error *err);

// Frees what LIMITS owns. Accepts one that is {0}.
void cgroup_limits_fini(struct cgroup_limits *limits);

#define auto_cgroup_limits __attribute__((cleanup(cgroup_limits_fini)))
