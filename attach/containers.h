// SPDX-License-Identifier: GPL-2.0-or-later
// The containers of this host, by /proc alone.
//
// Theory of operation. A container is a cgroup that is called as a runtime calls its own
// (runtime.h), with all below it; a process in no such cgroup, but in a PID namespace that is not
// ours, belongs to the container with that PID namespace, or is one of no runtime that is known;
// one in our PID namespace is so where its root and mount namespace are not ours. Every process is
// looked at once. Its first process, the leader, is the oldest; where some are in a PID namespace
// that is not ours, the oldest of these, since what a runtime leaves beside its container is not.
// Whose child the leader is may tell more: the program that a runtime leaves there (monitor.h), if
// it runs as root, or as who made the container. What a container is called is told by a state file
// in most cases; see statefiles.h. Whoever is given a cgroup of his own (a user by systemd, a
// container by its runtime) calls those below it as he likes: so these are his, whatever they are
// called, and no state file of anybody else's tells of them. A leader's PID says nothing by itself:
// who opens it asks container_has() after that.
#pragma once

#include "error.h"
#include "monitor.h"
#include "nstype.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct container {
	const struct runtime *runtime; // NULL: not known
	const struct runtime *engine;  // what runs it for RUNTIME, if that is another
	char *id, *name;               // NULL: not known
	char *hierarchy, *cgroup;      // its cgroup, and in which; NULL: it is its namespace
	uint64_t space; // that it is: of PIDs, or else of mounts; 0: it is its cgroup
	pid_t leader;
	uint64_t start;      // of the leader, in clock ticks since the host was booted
	uint64_t pid_ns;     // of the leader; 0: not known
	bool has_own_pids;   // its PID namespace is not ours
	bool shares_pids;    // with another container
	bool has_own_mounts; // its mount namespace is not ours
	bool is_sandbox;     // it only holds a pod's namespaces
	bool is_rootless;    // an ordinary user made it:
	uid_t owner;         // this one
	bool is_nested; // its cgroup is in another container's: who is in that may have made it
	size_t process_count; // those of containers in it apart
	enum isolation isolation;
	pid_t monitor; // or 0
	char *bundle;  // its directory, as the monitor sees it, or NULL
};

struct containers {
	struct container **rows; // ascending by leader, when found
	size_t count;
	void *by_key; // a tree of tsearch(3)
};

// Finds all containers into *RET. What cannot be looked at is passed over. Fails with ERROR_SYSTEM;
// *RET is then empty. PROC_FD is /proc.
int containers_find(int proc_fd, struct containers *ret, struct error *err);

// The processes that are in the cgroup called NAME in any of their hierarchies, or below it, as one
// container: NAME is a path from the root, or, if IS_UNIT, the name of a systemd unit, which may
// stand anywhere in a path; then one for each path. Otherwise like containers_find().
int containers_find_cgroup(
	int proc_fd, const char *name, bool is_unit, struct containers *ret, struct error *err);

// Accepts a zeroed one.
void containers_fini(struct containers *containers);

#define auto_containers __attribute__((cleanup(containers_fini)))

// The one of CONTAINERS, which were found below PROC_FD, that process PID is in, or NULL.
const struct container *containers_around(
	int proc_fd, const struct containers *containers, pid_t pid);

// False when process PID, below PROC_FD, is in no container.
bool containers_may_hold(int proc_fd, pid_t pid);

// True when TARGET is CONTAINER's leader still, not another process that got the number (also while
// containers were looked for), nor one that has left it.
bool container_has(const struct container *container, const struct target *target);

// The inodes of the leader's namespaces, below PROC_FD, indexed by NSTYPE_*; 0: not known.
void container_namespaces(
	int proc_fd, const struct container *container, uint64_t ret[NSTYPE_COUNT]);
