// SPDX-License-Identifier: GPL-2.0-or-later
// Going inside: from what was opened of a target to a process that stands in its namespaces, with
// the command's identity and the command found.
//
// Theory of operation. What can fail because of the user or the target is opened by the supervisor,
// which waits for nothing that the target controls. What can block on the target's memory or file
// systems (its environment, its passwd file, the search for the command) is done by the child,
// which a signal can end. The child does everything that needs the host's procfs before the join.
// It stays in our PID namespace to the end, so that the container cannot see it, and is not
// dumpable, so that what shares its ids cannot trace it either.
//
// The command is the user that was asked for (see identity.h) before it is searched for, so what
// that user may not read is not read for it.
//
// Confinement. A program of the container is cut to the target's bounding set, which counts in the
// target's own user namespace: whoever makes one has a full set in it, and no power outside. So it
// is copied only when that user namespace is the one that the command will be in. With --as-target
// it is cut to all that the target is confined by: confinement.h.
#pragma once

#include "confinement.h"
#include "environ.h"
#include "error.h"
#include "identity.h"
#include "lsm.h"
#include "notice.h"
#include "nsset.h"
#include "program.h"
#include "rootdir.h"
#include "target.h"

#include <stdbool.h>

// Where the command comes from, when the mount namespace is joined.
enum tools_mode {
	TOOLS_AUTO,   // the container; what it lacks, from the host, in the tools view
	TOOLS_NEVER,  // the container
	TOOLS_HOST,   // the host, in the tools view
	TOOLS_INJECT, // the container, where the host's tools are added to its files
};

struct entry_request {
	struct nsset_request namespaces;
	enum tools_mode tools;
	struct identity_request identity;
	struct rootdir_request directories;
	struct environ_request environment;
	struct confinement_request confine; // --join-cgroup and --as-target
	char **argv;                        // the command, or NULL for a shell; borrowed
};

struct entry {
	const struct entry_request *request; // borrowed, as are the next two
	const struct target *target;         // NULL when each namespace came from a file
	const struct notice *notice;
	struct nsset nsset;
	struct rootdir rootdir;
	struct lsm_labels labels;
	struct identity identity;
	struct confinement *confinement; // owned; NULL when none of it is copied
	bool inside;                     // files, environment and PATH are the container's,
	bool view; // but the command is certain to be the host's: it gets the tools view
};

// Frees what REQUEST owns. Accepts one that is {0}.
void entry_request_fini(struct entry_request *request);

// Opens what REQUEST needs of TARGET (NULL: there is none). Fails with the reason, also when a
// program of the container would run with a confinement that nobody knows; nothing is left open
// then.
int entry_open(const struct entry_request *request, const struct target *target,
	const struct notice *notice, struct entry *ret, struct error *err);

// Takes the calling process, a single-threaded child of its own, inside, and finds the command into
// *RET. The child forks the command next. On failure the caller must end, also when its parent is
// no longer PARENT, the supervisor.
int entry_enter(const struct entry *entry, pid_t parent, struct program *ret, struct error *err);

// After that, as the last thing that the caller does but for execve(2): takes on what would have
// hindered it until then, seccomp filters and limits of a target that is copied.
int entry_seal(const struct entry *entry, struct error *err);

// Closes what of ENTRY nobody needs who does not go inside any more. What ENTRY tells stays.
void entry_release(struct entry *entry);

// Closes all that ENTRY holds. Accepts one that is ENTRY_EMPTY.
void entry_fini(struct entry *entry);

#define ENTRY_EMPTY ((struct entry){.nsset = NSSET_EMPTY, .rootdir = ROOTDIR_EMPTY})
#define auto_entry  __attribute__((cleanup(entry_fini)))
