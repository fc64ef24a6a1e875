// SPDX-License-Identifier: GPL-2.0-or-later
// Opening, comparing and joining namespaces.
#include "nsset.h"

#include "cleanup.h"
#include "sys.h"
#include "userns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

enum { NS_PATH_SIZE = 64 };

// The file below /proc/PID to look at for type I.
static const char *ns_path(int i, bool children, char path[static NS_PATH_SIZE])
{
	const struct nstype *type = &nstypes[i];
	const char *file = children && type->children ? type->children : type->file;

	snprintf(path, NS_PATH_SIZE, "ns/%s", file);
	return path;
}

// Where the namespaces of a task are found.
struct source {
	int pidfd;  // or -EBADF
	int dir_fd; // its directory below /proc
};

// Opens the namespace of type I, the one for children if CHILDREN, there is one and it is given by
// the kernel. Fails with -errno of openat(2).
static int open_namespace(const struct source *source, int i, bool children)
{
	const struct nstype *type = &nstypes[i];
	int number = children && type->children ? type->pidfd_children : type->pidfd_number;
	char path[NS_PATH_SIZE];
	int fd = source->pidfd < 0 ? -1 : sys_pidfd_open_namespace(source->pidfd, number);

	// What the pidfd does not give, /proc gives, or says why not.
	if (fd < 0)
		fd = openat(source->dir_fd, ns_path(i, children, path), O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int stat_namespace(const struct source *source, int i, bool children, struct stat *ret)
{
	auto_fd int fd = open_namespace(source, i, children);

	if (fd < 0)
		return fd;
	return fstat(fd, ret) < 0 ? -errno : 0;
}

int nsset_hint_access(struct error *err)
{
	return error_hint(err, "looking at the namespaces of a process needs ptrace access to it: "
			       "its own user while it is dumpable, or CAP_SYS_PTRACE and no "
			       "security module against it");
}

static int fail_open(int errnum, int i, pid_t pid, bool children, struct error *err)
{
	fail_sys(err, errnum, "open", "the %s namespace of process %d", nstypes[i].name, pid);
	if (errnum == EACCES || errnum == EPERM)
		return nsset_hint_access(err);
	if (errnum == ENOENT && children)
		return error_hint(
			err, "the process has made none for its children, or no child yet");
	return -errnum;
}

static int open_of_target(int i, const struct nsset_request *request, const struct target *target,
	struct nsset *set, struct error *err)
{
	struct source source = {.pidfd = set->pidfd, .dir_fd = target->task_fd};

	set->fds[i] = open_namespace(&source, i, request->children);
	return set->fds[i] < 0 ? fail_open(-set->fds[i], i, target->pid, request->children, err)
			       : 0;
}

static int refuse_file(int i, int file_flag, const char *path, struct error *err)
{
	for (int other = 0; other < NSTYPE_COUNT; other++)
		if (nstypes[other].flag == file_flag)
			return fail(err, ERROR_USAGE, EINVAL,
				"%s is a %s namespace, not a %s namespace", path,
				nstypes[other].name, nstypes[i].name);
	return fail(err, ERROR_USAGE, EINVAL, "%s is no %s namespace", path, nstypes[i].name);
}

// Opens the file that was given for type I: a path, or a name where names for the type are kept.
static int open_file(int i, const char *file, struct nsset *set, struct error *err)
{
	const struct nstype *type = &nstypes[i];
	char path[4096];
	const char *dir = type->named_dir && !strchr(file, '/') ? type->named_dir : "";
	int len = snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", file);

	if (len < 0 || (size_t)len >= sizeof(path))
		return fail_sys(
			err, ENAMETOOLONG, "open", "the file of the %s namespace", type->name);
	set->fds[i] = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (set->fds[i] < 0) {
		int errnum = errno;
		fail_sys(err, errnum, "open", "%s", path);
		if (errnum == EACCES && strncmp(path, "/proc/", 6) == 0)
			return nsset_hint_access(err);
		return *dir ? error_hint(err, "`ip netns list` shows the names in %s", dir)
			    : -errnum;
	}
	int flag = ioctl(set->fds[i], NS_GET_NSTYPE);
	return flag == type->flag ? 0 : refuse_file(i, flag, path, err);
}

// Keeps the fd of type I if it has to be joined, that is, when it is not OURS.
static int compare(int i, const struct stat *ours, struct nsset *set, struct error *err)
{
	if (fstat(set->fds[i], &set->st[i]) < 0)
		return fail_sys(err, errno, "stat", "the %s namespace", nstypes[i].name);
	if (set->st[i].st_dev == ours->st_dev && set->st[i].st_ino == ours->st_ino) {
		close_fd(&set->fds[i]);
	} else {
		set->join |= 1u << i;
	}
	return 0;
}

static void say_compared(int i, const struct nsset *set, const struct notice *notice)
{
	unsigned long long id = set->st[i].st_ino;

	if (set->join & 1u << i)
		notice_step(notice, "%s namespace %llu: to be joined", nstypes[i].name, id);
	else
		notice_step(notice, "%s namespace %llu: skipped, it is ours already",
			nstypes[i].name, id);
}

// Opens type I, which was chosen, and compares it with OURS. Returns -ENOENT, with *ERR empty, when
// this kernel has none.
static int open_type(int i, const struct source *self, const struct nsset_request *request,
	const struct target *target, struct nsset *set, struct error *err)
{
	struct stat ours;
	int r = stat_namespace(self, i, false, &ours);

	if (r < 0)
		return r == -ENOENT
			       ? r
			       : fail_sys(err, -r, "stat", "/proc/self/ns/%s", nstypes[i].file);
	r = request->files[i] ? open_file(i, request->files[i], set, err)
			      : open_of_target(i, request, target, set, err);
	// -ENOENT of an open is another matter than the kernel's.
	if (r == -ENOENT)
		return -EINVAL;
	return r < 0 ? r : compare(i, &ours, set, err);
}

static int open_chosen(const struct nsset_request *request, const struct target *target,
	const struct notice *notice, struct nsset *set, struct error *err)
{
	auto_fd int self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int pidfd = sys_pidfd_open(getpid(), 0);
	struct source self = {.pidfd = pidfd, .dir_fd = self_fd};
	if (self_fd < 0)
		return fail_sys(err, errno, "open", "/proc/self");

	for (int i = 0; i < NSTYPE_COUNT; i++) {
		if (!(request->chosen & 1u << i))
			continue;
		int r = open_type(i, &self, request, target, set, err);
		if (r == -ENOENT && request->named & 1u << i)
			return fail(err, ERROR_SYSTEM, ENOSYS,
				"this kernel has no %s namespaces (or /proc is not mounted)",
				nstypes[i].name);
		if (r == -ENOENT) {
			notice_step(notice, "%s namespace: skipped, this kernel has none",
				nstypes[i].name);
			continue;
		}
		if (r < 0)
			return r;
		say_compared(i, set, notice);
	}
	return 0;
}

static bool has_file(const struct nsset_request *request, unsigned join)
{
	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (join & 1u << i && request->files[i])
			return true;
	return false;
}

// A pidfd whose task has the namespaces of TARGET's thread, or -EBADF.
static int open_pidfd(const struct target *target)
{
	struct stat st;

	if (target->tid == target->pid)
		return fcntl(target->pidfd, F_DUPFD_CLOEXEC, 3);
	auto_fd int pidfd = sys_pidfd_open(target->tid, SYS_PIDFD_THREAD);
	// The thread's directory answers only while the thread lives: so nobody else had its id.
	if (pidfd < 0 || fstatat(target->task_fd, "ns/mnt", &st, 0) < 0)
		return -EBADF;
	return take_fd(&pidfd);
}

int nsset_open(const struct nsset_request *request, const struct target *target,
	const struct notice *notice, struct nsset *ret, struct error *err)
{
	auto_nsset struct nsset set = NSSET_EMPTY;
	int r;

	if (target) {
		set.pid = target->pid;
		set.pidfd = open_pidfd(target);
	}
	if ((r = open_chosen(request, target, notice, &set, err)) < 0)
		return r;
	// It is joined by when it has all of them.
	if (!set.join || request->children || has_file(request, set.join))
		close_fd(&set.pidfd);
	*ret = set;
	set = NSSET_EMPTY;
	return 0;
}

// Why type I is refused though we have CAP_SYS_ADMIN over its owner.
static int refusal_hint(int i, struct error *err)
{
	if (prctl(PR_GET_SECCOMP) == 2)
		return error_hint(
			err, "nspeek runs under a seccomp filter, which may forbid setns");
	if (i == NSTYPE_MNT)
		return error_hint(err, "CAP_SYS_ADMIN is there, so CAP_SYS_CHROOT is missing, or a "
				       "security module forbids it");
	return error_hint(err, "CAP_SYS_ADMIN is there, so a security module may forbid it");
}

static int fail_join(int errnum, int i, const struct nsset *set, const struct userns_self *self,
	struct error *err)
{
	bool is_user = i == NSTYPE_USER;
	unsigned long long owner = is_user ? set->st[i].st_ino : userns_owner_id(set->fds[i]);
	char of[48] = "that was given";

	if (set->pid)
		snprintf(of, sizeof(of), "of process %d", set->pid);
	fail(err, ERROR_SYSTEM, errnum, "setns failed on the %s namespace %s: %s", nstypes[i].name,
		of, strerror(errnum));
	if (errnum == EINVAL && i == NSTYPE_PID)
		return error_hint(err, "it is no descendant of our own PID namespace");
	if (errnum != EPERM)
		return -errnum;
	if (is_user ? userns_may_administer(self, set->fds[i]) : userns_may_join(self, set->fds[i]))
		return refusal_hint(i, err);
	if (self->is_only)
		return error_hint(err, "joining it needs CAP_SYS_ADMIN: run nspeek as root");
	if (owner == 0)
		return error_hint(err, "it is owned by a user namespace that is out of our reach");
	return error_hint(err,
		"joining it needs CAP_SYS_ADMIN over user namespace %llu: run nspeek as root, or "
		"as "
		"the user who made that namespace",
		owner);
}

// True when the user namespace has to be joined after the others; see the head of nsset.h.
static bool is_user_last(const struct nsset *set, const struct userns_self *self)
{
	if (!self->sys_admin)
		return false;
	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (i != NSTYPE_USER && set->join & 1u << i && !userns_may_join(self, set->fds[i]))
			return false;
	return true;
}

static int join_one(
	const struct nsset *set, int i, const struct userns_self *self, struct error *err)
{
	if (setns(set->fds[i], nstypes[i].flag) < 0)
		return fail_join(errno, i, set, self, err);
	return 0;
}

// The order by the table of the types in JOIN but the user namespace. Returns their number.
static int order_by_table(unsigned join, int order[static NSTYPE_COUNT])
{
	int count = 0;

	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (i != NSTYPE_USER && join & 1u << i)
			order[count++] = i;
	return count;
}

// Moves those that outer user namespaces own to the front; otherwise the order stays.
static void order_by_owner(const struct nsset *set, int *order, int count)
{
	int depth[NSTYPE_COUNT];

	for (int k = 0; k < count; k++)
		depth[order[k]] = userns_owner_depth(set->fds[order[k]]);
	for (int k = 1; k < count; k++) {
		int moved = order[k], at = k;
		for (; at > 0 && depth[order[at - 1]] > depth[moved]; at--)
			order[at] = order[at - 1];
		order[at] = moved;
	}
}

static bool is_our_user_ns(int self_fd, int fd)
{
	struct stat ours, other;

	return fstatat(self_fd, "ns/user", &ours, 0) == 0 && fstat(fd, &other) == 0 &&
	       ours.st_dev == other.st_dev && ours.st_ino == other.st_ino;
}

// Joins the user namespace that owns NS_FD, unless it is ours. What fails here fails with a better
// reason when NS_FD is joined.
static void join_owner(int self_fd, int ns_fd)
{
	auto_fd int owner = ioctl(ns_fd, NS_GET_USERNS);

	if (owner >= 0 && !is_our_user_ns(self_fd, owner))
		setns(owner, CLONE_NEWUSER);
}

static int join_each(const struct nsset *set, int self_fd, const struct userns_self *self,
	const struct notice *notice, struct error *err)
{
	bool has_user = set->join & 1u << NSTYPE_USER;
	bool user_last = is_user_last(set, self);
	int order[NSTYPE_COUNT];
	int count = order_by_table(set->join, order), r;

	if (has_user && !user_last)
		order_by_owner(set, order, count);
	for (int k = 0; k < count; k++) {
		if (has_user && !user_last)
			join_owner(self_fd, set->fds[order[k]]);
		if ((r = join_one(set, order[k], self, err)) < 0)
			return r;
	}
	if (has_user && !is_our_user_ns(self_fd, set->fds[NSTYPE_USER]) &&
		(r = join_one(set, NSTYPE_USER, self, err)) < 0)
		return r;
	notice_step(notice, "joined them one by one%s",
		!has_user   ? ""
		: user_last ? ", the user namespace last"
			    : ", the user namespace first");
	return 0;
}

static bool join_at_once(const struct nsset *set, const struct notice *notice)
{
	int flags = 0;

	if (set->pidfd < 0)
		return false;
	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (set->join & 1u << i)
			flags |= nstypes[i].flag;
	if (setns(set->pidfd, flags) < 0) {
		notice_step(notice, "joining at once by a pidfd failed: %s", strerror(errno));
		return false;
	}
	notice_step(notice, "joined them at once by a pidfd");
	return true;
}

// Proves that our namespaces are the chosen ones. Those that act on children only (PID, time) are
// looked at there; that of a PID namespace without a process yet cannot be.
static int verify(const struct nsset *set, int self_fd, struct error *err)
{
	auto_fd int pidfd = sys_pidfd_open(getpid(), 0);
	struct source self = {.pidfd = pidfd, .dir_fd = self_fd};

	for (int i = 0; i < NSTYPE_COUNT; i++) {
		struct stat st;
		if (!(set->join & 1u << i))
			continue;
		int r = stat_namespace(&self, i, true, &st);
		if (r == -ENOENT && i == NSTYPE_PID)
			continue;
		if (r < 0)
			return fail_sys(err, -r, "stat", "our %s namespace", nstypes[i].name);
		if (st.st_dev != set->st[i].st_dev || st.st_ino != set->st[i].st_ino)
			return fail(err, ERROR_TARGET, EAGAIN,
				"process %d changed its %s namespace while it was being joined",
				set->pid, nstypes[i].name);
	}
	return 0;
}

int nsset_join(const struct nsset *set, int self_fd, const struct notice *notice, struct error *err)
{
	if (!set->join)
		return 0;
	// Any failure of the first way leaves nothing joined, so the second may try, and can
	// name the namespace that is refused.
	if (!join_at_once(set, notice)) {
		struct userns_self self;
		int r = userns_self_init(&self);
		if (r < 0)
			return fail_sys(err, -r, "stat", "/proc/self/ns/user");
		if ((r = join_each(set, self_fd, &self, notice, err)) < 0)
			return r;
	}
	return verify(set, self_fd, err);
}

void nsset_fini(struct nsset *set)
{
	for (int i = 0; i < NSTYPE_COUNT; i++)
		close_fd(&set->fds[i]);
	close_fd(&set->pidfd);
}
