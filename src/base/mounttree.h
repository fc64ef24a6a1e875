// SPDX-License-Identifier: GPL-2.0-or-later
// Trees of mounts that are held by an fd before anybody can see them: thin wrappers around the
// mount API of Linux 5.2 and mount_setattr(2) of Linux 5.12.
//
// Each function that makes a tree returns an O_CLOEXEC O_PATH fd that the caller owns. Until the
// tree is attached it is in no mount namespace, and closing the fd removes it.
#pragma once

#include "error.h"

#include <stdint.h>
#include <sys/mount.h>

// After it, because each defines what the other may lack.
#include <linux/mount.h>

// A parameter of a new file system, fsconfig(2): a string, or an fd when VALUE is NULL.
struct mounttree_option {
	const char *key; // NULL ends a list
	const char *value;
	int fd;
};

// Copies the tree of mounts at PATH below DIRFD (PATH may be "": DIRFD itself), with all that is
// mounted in it, sets ATTRIBUTES (MOUNT_ATTR_*) on each of its mounts, and makes each private. A
// symbolic link at PATH is followed; automounts are not triggered. Fails with -errno of
// open_tree(2) or mount_setattr(2).
int mounttree_clone(int dirfd, const char *path, uint64_t attributes);

// Makes a new file system of TYPE with OPTIONS (NULL: none), to be mounted with ATTRIBUTES. Fails
// with -errno of fsopen(2), fsconfig(2) or fsmount(2).
int mounttree_new(const char *type, const struct mounttree_option *options, unsigned attributes);

// Attaches TREE, which no namespace has yet, at PATH below DIRFD (or at DIRFD itself, when PATH is
// "") in the caller's mount namespace. A symbolic link at PATH is not followed. Fails with -errno
// of move_mount(2).
int mounttree_attach(int tree, int dirfd, const char *path);

// Makes the topmost mount of TREE read-only. Fails with -errno of mount_setattr(2).
int mounttree_set_readonly(int tree);

// Fails: CALL failed on SUBJECT with ERRNUM; hints at a kernel that lacks the mount API, or a
// filter that forbids it. Returns -ERRNUM.
int mounttree_fail(struct error *err, int errnum, const char *call, const char *subject);
