// SPDX-License-Identifier: GPL-2.0-or-later
// Wrappers of the mount API.
#include "mounttree.h"

#include "cleanup.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// mount_setattr(2), for which C libraries older than the call have no wrapper; nor for the others.
static int set_attributes(int tree, unsigned flags, const struct mount_attr *attr)
{
	return (int)syscall(
		SYS_mount_setattr, tree, "", AT_EMPTY_PATH | flags, attr, sizeof(*attr));
}

int mounttree_clone(int dirfd, const char *path, uint64_t attributes)
{
	struct mount_attr attr = {.attr_set = attributes, .propagation = MS_PRIVATE};
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_NO_AUTOMOUNT;

	auto_fd int tree =
		(int)syscall(SYS_open_tree, dirfd, path, flags | (*path ? 0 : AT_EMPTY_PATH));
	if (tree < 0)
		return -errno;
	if (set_attributes(tree, AT_RECURSIVE, &attr) < 0)
		return -errno;
	return take_fd(&tree);
}

int mounttree_new(const char *type, const struct mounttree_option *options, unsigned attributes)
{
	auto_fd int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	if (context < 0)
		return -errno;
	for (; options && options->key; options++) {
		unsigned command = options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FD;
		int fd = options->value ? 0 : options->fd;
		if (syscall(SYS_fsconfig, context, command, options->key, options->value, fd) < 0)
			return -errno;
	}
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	int tree = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
	return tree < 0 ? -errno : tree;
}

int mounttree_attach(int tree, int dirfd, const char *path)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*path ? 0 : MOVE_MOUNT_T_EMPTY_PATH);

	return syscall(SYS_move_mount, tree, "", dirfd, path, flags) < 0 ? -errno : 0;
}

int mounttree_set_readonly(int tree)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	return set_attributes(tree, 0, &attr) < 0 ? -errno : 0;
}

int mounttree_fail(struct error *err, int errnum, const char *call, const char *subject)
{
	fail_sys(err, errnum, call, "%s of the tools view", subject);
	if (errnum == ENOSYS)
		return error_hint(err, "the tools view needs Linux 5.12 or newer");
	if (errnum == EPERM && prctl(PR_GET_SECCOMP) == 2)
		return error_hint(
			err, "nspeek runs under a seccomp filter, which may forbid new mounts");
	return -errnum;
}
