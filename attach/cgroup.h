// SPDX-License-Identifier: GPL-2.0-or-later
// Moving the command into the target's cgroups, of every hierarchy: v1, v2, or both.
//
// Theory of operation. The supervisor finds each cgroup's directory, by /proc/PID/cgroup and our
// own mountinfo, and opens its cgroup.procs for writing: what is not there, or not permitted, is
// known before anything begins. A hierarchy in which the target's cgroup is ours already is left
// out. The joiner then writes "0", itself, into each, while it still is one process in our own PID
// namespace and with our own ids, and clones the command from there: so the command is born inside,
// and the supervisor never is. Nothing is made, so nothing is to be removed.
//
// A process in a frozen cgroup does not run, and none can be cloned in a full pids cgroup. Both are
// looked for, in every ancestor, by the supervisor; the first again by the joiner right before it
// moves. When the cgroup is frozen after that, the joiner or the command is frozen with it. In v2
// it can still be killed; in v1 SIGKILL waits for the thaw. The supervisor is outside and waits for
// no joiner that it has killed. Source: cgroups(7), Documentation/admin-guide/cgroup-v2.rst,
// cgroup-v1/freezer-subsystem.rst.
#pragma once

#include "error.h"
#include "notice.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>

struct cgroup;

struct cgroup_set {
	struct cgroup *items; // those to move to; owned
	size_t count;
	bool all;  // one that cannot be joined is an error; else it is warned of and left out
	pid_t pid; // the target's, for messages
	const struct notice *notice; // borrowed
};

// Opens the cgroups of TARGET that are not ours already. One that is outside of our view, is of a
// hierarchy that is not mounted, or may not be written, is treated as ALL says. Fails with the
// reason; nothing is left open then.
int cgroup_open(const struct target *target, bool all, const struct notice *notice,
	struct cgroup_set *ret, struct error *err);

// Fails, with the reason, when a command in SET would not run: one of them is frozen, or has no
// room for the command's processes.
int cgroup_check(const struct cgroup_set *set, struct error *err);

// Fails when one of SET is frozen: the part of cgroup_check() that the joiner repeats.
int cgroup_check_thawed(const struct cgroup_set *set, struct error *err);

// Moves the caller, which is single-threaded, into all of SET. On failure it may be in some of
// them.
int cgroup_join(const struct cgroup_set *set, struct error *err);

// Closes and frees what SET holds. Accepts one that is {0}.
void cgroup_fini(struct cgroup_set *set);

#define auto_cgroup_set __attribute__((cleanup(cgroup_fini)))
