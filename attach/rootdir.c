// SPDX-License-Identifier: GPL-2.0-or-later
// Entering the target's root and working directory.
#include "rootdir.h"

#include "cleanup.h"

#include <fcntl.h>
#include <limits.h>
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
	struct statx ours, theirs;
	unsigned mask = STATX_INO | STATX_MNT_ID;

	return statx(AT_FDCWD, "/", 0, mask, &ours) == 0 &&
	       statx(fd, "", AT_EMPTY_PATH, mask, &theirs) == 0 &&
	       (ours.stx_mask & theirs.stx_mask & STATX_MNT_ID) &&
	       ours.stx_mnt_id == theirs.stx_mnt_id && ours.stx_ino == theirs.stx_ino &&
	       ours.stx_dev_major == theirs.stx_dev_major &&
	       ours.stx_dev_minor == theirs.stx_dev_minor;
}

static int enter_root(int fd, bool joined, const struct notice *notice, struct error *err)
{
	if (!joined && is_our_root(fd)) {
		notice_step(notice, "root: skipped, it is ours already");
		return 0;
	}
	if (fchdir(fd) < 0)
		return fail_sys(err, errno, "chdir", "the target's root");
	if (chroot(".") < 0) {
		int errnum = errno;
		fail_sys(err, errnum, "chroot", "the target's root");
		return errnum == EPERM ? error_hint(err, "CAP_SYS_CHROOT is needed for a target "
							 "whose root is not ours")
				       : -errnum;
	}
	notice_step(notice, "root: the target's");
	return 0;
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

int rootdir_enter(
	const struct rootdir *dirs, bool joined, const struct notice *notice, struct error *err)
{
	if (dirs->root < 0)
		return 0;
	int r = enter_root(dirs->root, joined, notice, err);
	if (r < 0)
		return r;

	const char *why = enter_cwd(dirs->cwd);
	if (!why)
		return 0;
	notice_warning(
		notice, "the target's working directory cannot be entered (%s): / is used", why);
	return chdir("/") < 0 ? fail_sys(err, errno, "chdir", "/ of the target") : 0;
}

void rootdir_fini(struct rootdir *dirs)
{
	close_fd(&dirs->root);
	close_fd(&dirs->cwd);
}
