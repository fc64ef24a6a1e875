// SPDX-License-Identifier: GPL-2.0-or-later
// Mounting procfs for a PID namespace.
#include "procmount.h"

#include "cleanup.h"
#include "fd.h"
#include "mounttree.h"
#include "subtask.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

enum { PROC_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

// Negative when it is ours.
static int pid_namespace(const struct privroot *root)
{
	return root->request->nsset->fds[NSTYPE_PID];
}

bool procmount_from_outside(const struct privroot *root)
{
	const struct mounttree_option options[] = {
		{.key = "pidns", .fd = pid_namespace(root)}, {0}};

	if (pid_namespace(root) < 0)
		return privroot_show(root, "proc", "proc", PROC_ATTRIBUTES, NULL) == 0;
	auto_fd int proc = mounttree_new("proc", options, PROC_ATTRIBUTES);
	return proc >= 0 && mounttree_attach(proc, root->tree, "proc") == 0;
}

static int mount_here(void *arg)
{
	(void)arg;
	auto_fd int proc = mounttree_new("proc", NULL, PROC_ATTRIBUTES);

	return proc < 0 ? proc : mounttree_attach(proc, AT_FDCWD, "/proc");
}

// Forks again, into the PID namespace, with no fd but the standard ones: others would be a way out
// for who may trace that child.
static int mount_there(void *arg)
{
	enum { PID_NS_FD = 3 };
	int fd = pid_namespace(arg);

	if (fd != PID_NS_FD && dup3(fd, PID_NS_FD, O_CLOEXEC) < 0)
		return -errno;
	fd_close_from(PID_NS_FD + 1);
	if (setns(PID_NS_FD, CLONE_NEWPID) < 0)
		return -errno;
	close(PID_NS_FD);
	return subtask_run(mount_here, NULL, SUBTASK_NO_LIMIT);
}

int procmount_from_inside(struct privroot *root, struct error *err)
{
	notice_step(root->request->notice,
		"tools view: procfs is mounted from within the PID namespace");
	int r = pid_namespace(root) < 0 ? mount_here(NULL)
					: subtask_run(mount_there, root, SUBTASK_NO_LIMIT);
	if (r == 0)
		return 0;
	mounttree_fail(err, -r, "mounting", "/proc");
	if (r == -ENOMEM)
		return error_hint(err, "the PID namespace may be dead: its first process ended");
	if (r == -EPERM)
		return error_hint(err, "a fresh procfs is refused where our own is masked");
	return r;
}

bool procmount_is_right(const struct privroot *root, int dir)
{
	const struct target *target = root->request->target;
	char path[48];
	struct statfs fs;
	struct stat seen, wanted;

	if (fstatfs(dir, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC ||
		target->status.ns_pid_count == 0)
		return false;
	int number = target->status.ns_pid[target->status.ns_pid_count - 1];
	snprintf(path, sizeof(path), "%d/ns/pid", number);
	return fstatat(dir, path, &seen, 0) == 0 &&
	       fstatat(target->task_fd, "ns/pid", &wanted, 0) == 0 &&
	       seen.st_dev == wanted.st_dev && seen.st_ino == wanted.st_ino;
}
