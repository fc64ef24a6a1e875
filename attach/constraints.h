// SPDX-License-Identifier: GPL-2.0-or-later
// What confines a process, to be shown: capabilities, seccomp, label, root, what is kept from it of
// /proc and /sys, and its cgroups' limits. Read from the host's procfs; nothing is stopped.
#pragma once

#include "cgroup_limits.h"
#include "error.h"
#include "lsm.h"
#include "mask.h"
#include "proc.h"
#include "proc_confined.h"
#include "target.h"

#include <limits.h>
#include <stdbool.h>

struct constraints {
	struct proc_status status; // capabilities, ids, no_new_privs
	bool has_seccomp;
	enum proc_seccomp seccomp;
	unsigned filter_count; // 0 where the kernel does not say
	bool has_labels;
	struct lsm_labels labels;
	char root[PATH_MAX]; // as a path of its mount namespace, or of ours; empty: unknown
	bool has_masks;
	struct masks masks;
	bool has_cgroups;
	struct cgroup_limits cgroups;
};

// Reads those of TARGET's thread, or, where TARGET is NULL, ours, into *RET, which
// constraints_fini() frees. What we may not read is unknown. Fails when the process has exited, or
// for want of memory; nothing is left then.
int constraints_read(const struct target *target, struct constraints *ret, struct error *err);

// Frees what CONSTRAINTS owns. Accepts one that is {0}.
void constraints_fini(struct constraints *constraints);

#define auto_constraints __attribute__((cleanup(constraints_fini)))
