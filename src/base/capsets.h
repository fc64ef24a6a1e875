// SPDX-License-Identifier: GPL-2.0-or-later
// The five capability sets of a process, what execve(2) makes of them, and how they must be set
// before it so that they are the wanted ones after it. Pure arithmetic. Source: capabilities(7),
// security/commoncap.c of Linux 4.3 (ambient sets) and later.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct capsets {
	uint64_t inheritable, permitted, effective, bounding, ambient; // bit N is capability N
};

// What else execve(2) looks at. The program has neither capabilities nor set-id bits of its own.
struct capsets_exec {
	bool real_root, effective_root; // the ids are 0 of the process's user namespace
	bool noroot;                    // SECBIT_NOROOT: 0 is an id like any other
	bool no_new_privs;
};

// The sets after execve(2).
struct capsets capsets_after_exec(const struct capsets *before, const struct capsets_exec *how);

// What to set before execve(2).
struct capsets_plan {
	struct capsets before;
	bool noroot;           // SECBIT_NOROOT is to be set
	bool no_new_privs;     // is to be set, since the bounding set cannot be lowered
	struct capsets result; // after execve(2), and after each further one
	uint64_t lacking;      // capabilities of WANTED that nobody can give who has only OURS
};

// Plans for a process that has OURS and whose further properties are HOW (its noroot is ignored) to
// get WANTED, or what is nearest to it: never a capability permitted or effective that is not so
// in WANTED, the effective ones of WANTED exactly but for those lacking, and then as many equal
// sets as can be had. CAP_SETPCAP in OURS' effective set decides what can be set.
void capsets_plan(const struct capsets *wanted, const struct capsets *ours,
	const struct capsets_exec *how, struct capsets_plan *ret);
