// SPDX-License-Identifier: GPL-2.0-or-later
// A root directory of our own, in a mount namespace of our own, into which copies of the host's and
// of the container's mounts are put: what the tools view and inject mode are built on.
//
// Theory of operation. Nothing that is mounted here exists in the container or on the host, and the
// kernel removes it with the last process that is in the mount namespace.
//
// Whose it is. The namespace is made before the target's user namespace is joined: so it is owned
// by our user namespace, any mount is ours to make, and no process of the container has power over
// it. Who has no CAP_SYS_ADMIN can make mounts only as root of the container's own user namespace
// (the one that owns its mount namespace), and so joins that first.
//
// What is in it. A copy of the host's mounts at first, cut off from the host (MS_SLAVE: what the
// host unmounts meanwhile goes here too). The new root is mounted over it and filled, pivot_root(2)
// exchanges the two, and the old tree is detached: from then on nothing pins the host's mounts but
// the copies of the trees that are shown, and no path leads to the rest. A tree can be filled
// before it is attached only since Linux 6.15: so it is attached first, and filled by its fd.
//
// The container's tree is copied in its own mount namespace (open_tree(2) from outside fails), by
// the fd of the target's root, which no path of the container can bend, and is made private.
//
// The steps in their order: privroot_open, any number of shows, privroot_pivot, what needs the old
// mounts still (new procfs and sysfs are refused in a user namespace without them),
// privroot_join_others, privroot_detach_old, and privroot_join_user, by which the power to mount is
// lost. Sources: mount_namespaces(7), pivot_root(2), open_tree(2), mount_setattr(2).
#pragma once

#include "error.h"
#include "notice.h"
#include "nsset.h"
#include "rootdir.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct privroot_request {
	const struct target *target; // may be NULL: each namespace came from a file
	const struct nsset *nsset;   // its mount namespace is not joined, only copied from
	const struct rootdir
		*rootdir;           // the target's; where its root is -EBADF, the namespace's root
	bool join_user;             // the user namespace of NSSET too
	uint64_t target_attributes; // MOUNT_ATTR_* to set on the copy of the container's mounts
	int self_fd;                // the caller's /proc/self
	const struct notice *notice;
};

struct privroot {
	const struct privroot_request *request; // borrowed
	int own_ns;                             // the new mount namespace
	int host;                               // our root directory as it was
	int ns_root;        // the root of the new mount namespace, below everything
	int tree;           // the new root
	int target;         // the copy of the container's files, not attached; or -EBADF
	char cwd[PATH_MAX]; // the target's, as it is called below its root; "" when it cannot be
};

// True when the caller, which has joined nothing yet, will be in another user namespace afterwards:
// by request, or because it has no power to make mounts in its own.
bool privroot_joins_user(const struct privroot_request *request);

// Moves the caller to a new mount namespace and mounts an empty new root there, in which it does
// not stand yet: its root directory is as before. A container's tree that cannot be copied is
// warned of. The caller is single-threaded and shares no file system attributes; when this or any
// later step fails it must end. *RET is the caller's also then.
int privroot_open(const struct privroot_request *request, struct privroot *ret, struct error *err);

// Makes PATH below TREE, with the directories above it: a directory, or an empty file for a mount
// to stand on. Returns 0 or -errno.
int privroot_make_place(int tree, const char *path, bool is_dir);

// Shows FROM below the host's root, if it is there, at TO of the new root, with ATTRIBUTES set.
int privroot_show(const struct privroot *root, const char *from, const char *to,
	uint64_t attributes, struct error *err);

// Shows all that hosttools.h names, read-only, in directory DIR ("" or "name/") of the new root.
int privroot_show_host(const struct privroot *root, const char *dir, struct error *err);

// Makes the new root the caller's root and working directory. The old one lies over it.
int privroot_pivot(const struct privroot *root, struct error *err);

// Joins all of the set but the mount and the user namespace.
int privroot_join_others(const struct privroot *root, struct error *err);

// Removes the old root, and makes the new one (not what is mounted in it) read-only.
int privroot_detach_old(const struct privroot *root, struct error *err);

// Joins the user namespace of the set, if that is asked for.
int privroot_join_user(const struct privroot *root, struct error *err);

// Closes the fds of ROOT. Accepts one that is PRIVROOT_EMPTY.
void privroot_fini(struct privroot *root);

// clang-format off
#define PRIVROOT_EMPTY \
	((struct privroot){.own_ns = -EBADF, .host = -EBADF, .ns_root = -EBADF, .tree = -EBADF, \
		.target = -EBADF})
// clang-format on
#define auto_privroot __attribute__((cleanup(privroot_fini)))
