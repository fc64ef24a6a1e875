// SPDX-License-Identifier: GPL-2.0-or-later
// All of the target's confinement, for the command: --as-target, and the cgroups of --join-cgroup.
//
// Theory of operation. The supervisor reads everything from the host's procfs and by system calls,
// and proves at the end that the target's thread still is the one. It opens the cgroups and, where
// there are seccomp filters, stops the thread for a moment (seccomp_filter.h). What cannot be
// copied is said there and then, a line each.
//
// The joiner applies it in three steps, each where it must be:
//  1. confinement_apply_outside(), before the join: what needs the host's /proc or privileges over
//     the host: cgroups, oom_score_adj, scheduling, and room below the hard limits; the groups. The
//     CPU affinity comes after the cgroups, since a cpuset sets it.
//  2. confinement_become(), after the join: ids and capabilities (likeness.h).
//  3. confinement_seal(), when the command is found: what would hinder us until then: umask,
//     personality, limits, and at the very end no_new_privs, filters and the last cut of
//     capabilities.
// Source: capabilities(7), credentials(7), sched(7), setrlimit(2), ioprio_set(2), proc(5).
#pragma once

#include "cgroup.h"
#include "error.h"
#include "likeness.h"
#include "notice.h"
#include "proc_confined.h"
#include "seccomp_filter.h"
#include "target.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>

enum { CONFINEMENT_CPUS = 8192 }; // the largest CONFIG_NR_CPUS

struct confinement {
	const struct target *target; // whose it is; NULL: only the cgroups are joined, if any
	const struct notice *notice;
	struct cgroup_set cgroups;
	struct proc_confined status;
	struct rlimit limits[PROC_LIMIT_COUNT];
	struct seccomp_filters filters;
	long oom_score_adj;
	int nice;
	int sched_policy, sched_priority;
	int io_priority; // as ioprio_set(2) has it
	unsigned long personality;
	bool personality_known;
	size_t affinity_len; // bytes of it
	cpu_set_t affinity[CONFINEMENT_CPUS / CPU_SETSIZE];
	struct likeness likeness; // of the joiner
};

// What is to be read of a target.
struct confinement_request {
	bool join_cgroup; // -c
	bool as_target;   // --as-target
};

// Reads what REQUEST asks for of TARGET into *RET, and warns of what cannot be copied. Fails when a
// command could not run so: its cgroup is frozen or full, its seccomp filters forbid what a start
// needs; and for -c when a cgroup cannot be joined. Nothing is left then.
int confinement_read(const struct confinement_request *request, const struct target *target,
	const struct notice *notice, struct confinement *ret, struct error *err);

// The steps of the joiner, in this order; see above. Each does nothing for what was not asked for.
// What cannot be applied is warned of; on failure the caller must end.
int confinement_apply_outside(struct confinement *confinement, int self_fd, struct error *err);
int confinement_become(struct confinement *confinement, struct error *err);
int confinement_seal(const struct confinement *confinement, struct error *err);

// Closes and frees what CONFINEMENT holds. Accepts one that is {0}.
void confinement_fini(struct confinement *confinement);

#define auto_confinement __attribute__((cleanup(confinement_fini)))
