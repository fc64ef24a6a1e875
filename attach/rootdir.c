// SPDX-License-Identifier: GPL-2.0-or-later
// Entering the target's root and working directory.
#include "rootdir.h"

#include "cleanup.h"
#include "sys.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int open_dir(const struct target *target, const char *name, struct error *err)
{
	int fd = openat(target->task_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	int errnum = errno;
	fail_sys(err, errnum, "open", "%s of process %d", name, target->pid);
	return errnum == EACCES ? error_hint(err, "looking at the files of a process needs ptrace "
						  "access to it")
				: -errnum;
}

int rootdir_open(const struct target *target, struct rootdir *ret, struct error *err)
{
	auto_rootdir struct rootdir dirs = ROOTDIR_EMPTY;

	if ((dirs.root = open_dir(target, "root", err)) < 0)
		return dirs.root;
	if ((dirs.cwd = open_dir(target, "cwd", err)) < 0)
		return dirs.cwd;
	*ret = dirs;
	dirs = ROOTDIR_EMPTY;
	return 0;
}

// True when FD is our own root: the same directory of the same mount.
static bool is_our_root(int fd)
{
	struct sys_file_id ours, theirs;

	return sys_file_id(AT_FDCWD, "/", &ours) == 0 && sys_file_id(fd, "", &theirs) == 0 &&
	       ours.has_mount_id && theirs.has_mount_id && ours.mount_id == theirs.mount_id &&
	       ours.inode == theirs.inode && ours.dev_major == theirs.dev_major &&
	       ours.dev_minor == theirs.dev_minor;
}

// Makes FD, which is called WHAT, the root and the working directory.
static int change_root(int fd, const char *what, struct error *err)
{
	if (fchdir(fd) < 0)
		return fail_sys(err, errno, "chdir", "%s", what);
	if (chroot(".") < 0) {
		int errnum = errno;
		fail_sys(err, errnum, "chroot", "%s", what);
		return errnum == EPERM ? error_hint(err, "CAP_SYS_CHROOT is needed for a root that "
							 "is not ours")
				       : -errnum;
	}
	return 0;
}

static int enter_root(int fd, bool joined, const struct notice *notice, struct error *err)
{
	if (!joined && is_our_root(fd)) {
		notice_step(notice, "root: skipped, it is ours already");
		return 0;
	}
	int r = change_root(fd, "the target's root", err);
	if (r == 0)
		notice_step(notice, "root: the target's");
	return r;
}

// Opens the directory PATH of the container below our root, for OPTION.
static int open_inside(const char *option, const char *path, struct error *err)
{
	auto_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return fail_sys(err, errno, "open", "/ of the container");

	int fd = sys_openat2(
		root_fd, path, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	if (fd >= 0)
		return fd;
	int errnum = errno;
	fail_sys(err, errnum, "open", "%s %s of the container", option, path);
	if (errnum == ENOSYS || errnum == EPERM)
		return error_hint(err, "a path of the container needs openat2 (Linux 5.6), and no "
				       "seccomp filter that refuses it");
	if (errnum == ELOOP)
		return error_hint(err, "links of /proc, such as cwd and root, are not followed");
	return -errnum;
}

// Why the directory FD cannot be the working directory: NULL when it is it now.
static const char *enter_cwd(int fd)
{
	char path[PATH_MAX];

	if (fchdir(fd) < 0)
		return strerror(errno);
	// glibc's getcwd(3) would search the parents of an unreachable directory by itself.
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return errno == ENOENT ? "it was deleted" : strerror(errno);
	return path[0] == '/' ? NULL : "it is outside of the target's root";
}

// Makes the directory that was asked for the working directory.
static int enter_named_cwd(const char *path, const struct notice *notice, struct error *err)
{
	auto_fd int fd = open_inside("--wd", path, err);
	if (fd < 0)
		return fd;

	const char *why = enter_cwd(fd);
	if (why)
		return fail(err, ERROR_SYSTEM, EACCES,
			"--wd %s of the container cannot be entered: %s", path, why);
	notice_step(notice, "working directory: %s, as asked for", path);
	return 0;
}

static int enter_targets_cwd(int fd, const struct notice *notice, struct error *err)
{
	const char *why = enter_cwd(fd);

	if (!why) {
		notice_step(notice, "working directory: the target's");
		return 0;
	}
	notice_warning(
		notice, "the target's working directory cannot be entered (%s): / is used", why);
	return chdir("/") < 0 ? fail_sys(err, errno, "chdir", "/ of the target") : 0;
}

int rootdir_enter(const struct rootdir *dirs, const struct rootdir_request *request, bool joined,
	const struct notice *notice, struct error *err)
{
	int r = dirs->root < 0 ? 0 : enter_root(dirs->root, joined, notice, err);

	if (r == 0 && request->root_dir) {
		auto_fd int fd = open_inside("--root", request->root_dir, err);
		r = fd < 0 ? fd : change_root(fd, request->root_dir, err);
		if (r == 0)
			notice_step(notice, "root: %s of the container's, as asked for",
				request->root_dir);
	}
	if (r < 0)
		return r;
	if (request->cwd_dir)
		return enter_named_cwd(request->cwd_dir, notice, err);
	if (dirs->cwd >= 0 && (!request->root_dir || request->cwd))
		return enter_targets_cwd(dirs->cwd, notice, err);
	return 0;
}

void rootdir_fini(struct rootdir *dirs)
{
	close_fd(&dirs->root);
	close_fd(&dirs->cwd);
}
