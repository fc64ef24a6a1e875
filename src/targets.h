// SPDX-License-Identifier: GPL-2.0-or-later
// What a TARGET of the command line means: a process, or containers. All commands ask here.
//
// Theory of operation. Digits are a PID and "PID:INODE" that process, opened as ever, at no cost
// beyond that: nothing is looked up. Any other word is looked for among the containers of the host
// (container_names.h), and each of those that it means is given as its init, pinned and found to be
// the one that was seen in the container; `is_whole` then says that the container was meant, not
// one process of it.
#pragma once

#include "members.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>

// What the help of a command says of them.
#define TARGETS_HELP                                                                              \
	"TARGET is a PID; PID:INODE with the inode of its pidfd; the name of a container, or 6 "  \
	"characters of its id, by itself or as RUNTIME:NAME (docker, podman, containerd, k8s, "   \
	"crio, crun, runc, lxc, lxd, incus, machine); k8s:NAMESPACE/POD[/CONTAINER]; unit:NAME; " \
	"cgroup:PATH; or, with /PID behind any of them, a process inside. `nspeek list' shows "   \
	"the "                                                                                    \
	"containers."

// How a container is called. What is not known is NULL. Strings may hold any byte.
struct container_name {
	char *runtime; // the word before the colon of a TARGET; NULL: of no runtime that is known
	char *id;
	char *name;
};

// Releases what NAME owns. Accepts a zeroed one.
void container_name_fini(struct container_name *name);

struct named_target {
	struct target target;            // the process, or the container's init
	struct container_name container; // known if the word was one; see named_target_identify()
	bool is_contained;               // the container is known to be one
	bool is_whole;                   // the word means a container
	char *hierarchy, *cgroup; // that make a member, where it is not the PID namespace; or NULL
	bool by_mounts;           // the mount namespace makes one
};

#define NAMED_TARGET_EMPTY ((struct named_target){.target = TARGET_EMPTY})

// Closes what TARGET holds. Accepts NAMED_TARGET_EMPTY.
void named_target_fini(struct named_target *target);

#define auto_named_target __attribute__((cleanup(named_target_fini)))

struct targets {
	struct named_target *rows;
	size_t count;
};

// Opens what WORD means into *RET: one row, or one for each container of a pod, ascending by PID.
// Fails like target_open(); with ERROR_USAGE when the word makes no sense; with ERROR_TARGET when
// the process is not the one with that inode, no container is called so, it cannot be joined (a
// virtual machine), or several are called so that do not belong together (the message lists them).
// Nothing is left open on failure. Warns of state files that cannot be used.
int targets_open(const char *word, struct targets *ret, struct error *err);

// Accepts a zeroed one.
void targets_fini(struct targets *targets);

#define auto_targets __attribute__((cleanup(targets_fini)))

// The same where only one process can be meant. Also fails, with ERROR_TARGET, for a word that
// means more: the message lists them.
int targets_open_one(const char *word, struct named_target *ret, struct error *err);

// Finds out what makes a member of the container that TARGET is, or is in, for members_list() and
// members_has(). Fails like members_find().
int named_target_members(const struct named_target *target, struct members *ret, struct error *err);

// Fills the container of TARGET, if it is not known and can be found out. Costs what it costs to
// look for a name, so it is for those who show it. Says nothing.
void named_target_identify(struct named_target *target);
