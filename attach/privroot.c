// SPDX-License-Identifier: GPL-2.0-or-later
// Making and entering a root of our own.
#include "privroot.h"

#include "cleanup.h"
#include "hosttools.h"
#include "mounttree.h"
#include "userns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { HOST_ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };

static bool is_joined(const struct privroot *root, int type)
{
	return root->request->nsset->join >> type & 1;
}

// True when we can make mounts in our own user namespace.
static bool has_power(void)
{
	struct userns_self self;

	return userns_self_init(&self) == 0 && self.sys_admin;
}

bool privroot_joins_user(const struct privroot_request *request)
{
	return !has_power() || (request->join_user && request->nsset->join >> NSTYPE_USER & 1);
}

// Joins the user namespace that owns the container's mount namespace, or else the one to be joined,
// unless we have power in ours.
static int gain_power(const struct privroot *root, struct error *err)
{
	const struct nsset *nsset = root->request->nsset;

	if (has_power())
		return 0;
	auto_fd int owner =
		is_joined(root, NSTYPE_MNT)    ? ioctl(nsset->fds[NSTYPE_MNT], NS_GET_USERNS)
		: is_joined(root, NSTYPE_USER) ? fcntl(nsset->fds[NSTYPE_USER], F_DUPFD_CLOEXEC, 3)
					       : -EBADF;
	if (owner < 0 || setns(owner, CLONE_NEWUSER) < 0) {
		fail(err, ERROR_SYSTEM, EPERM, "the tools view cannot be made: %s",
			strerror(EPERM));
		return error_hint(err, "it needs CAP_SYS_ADMIN: run nspeek as root, or as the user "
				       "who made the container");
	}
	// The change undoes both; the joiner's own shield is checked again at the end.
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	notice_step(root->request->notice,
		"tools view: joined the container's user namespace, we have no power to mount in "
		"ours");
	return 0;
}

// Copies the target's files in whose mount namespace we stand. A tree that cannot be copied (it is
// unbindable, or detached by now; or it is in our own mount namespace, where we have no power) is
// missed, and no reason to give up.
static int clone_target(struct privroot *root, struct error *err)
{
	int dir = root->request->rootdir->root;
	uint64_t attributes = root->request->target_attributes;
	int tree = dir < 0 ? mounttree_clone(AT_FDCWD, "/", attributes)
			   : mounttree_clone(dir, "", attributes);

	root->target = tree < 0 ? -EBADF : tree;
	if (tree >= 0)
		return 0;
	if (tree != -EINVAL && !(tree == -EPERM && !has_power()))
		return mounttree_fail(err, -tree, "open_tree", "the container's files");
	notice_warning(root->request->notice,
		"the container's files cannot be shown in the tools view: %s", strerror(-tree));
	return 0;
}

// Makes the mount namespace. Afterwards our root directory is as it was, in the new namespace.
static int make_namespace(struct privroot *root, struct error *err)
{
	int r = is_joined(root, NSTYPE_MNT) ? 0 : clone_target(root, err);

	if (r < 0 || (r = gain_power(root, err)) < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0)
		return mounttree_fail(err, errno, "unshare", "the mount namespace");
	root->own_ns = openat(root->request->self_fd, "ns/mnt", O_RDONLY | O_CLOEXEC);
	root->host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->own_ns < 0 || root->host < 0)
		return fail_sys(err, errno, "open", "the new mount namespace");
	return 0;
}

static int stand_at(int dir, struct error *err)
{
	if (fchdir(dir) < 0 || chroot(".") < 0)
		return fail_sys(err, errno, "chroot", "the tools view");
	return 0;
}

// Asks the kernel what the target's working directory is called below its root. We stand anywhere
// afterwards.
static void read_cwd(struct privroot *root)
{
	const struct rootdir *dirs = root->request->rootdir;

	if (dirs->root < 0 || stand_at(dirs->root, NULL) < 0 || fchdir(dirs->cwd) < 0 ||
		syscall(SYS_getcwd, root->cwd, sizeof(root->cwd)) < 0 || root->cwd[0] != '/')
		root->cwd[0] = '\0';
}

// Copies the container's tree in its own mount namespace and comes back, to the root of ours.
static int visit_container(struct privroot *root, struct error *err)
{
	int r = 0;

	if (is_joined(root, NSTYPE_MNT)) {
		if (setns(root->request->nsset->fds[NSTYPE_MNT], CLONE_NEWNS) < 0)
			return fail_sys(
				err, errno, "setns", "the mount namespace of the container");
		r = clone_target(root, err);
	}
	if (r < 0)
		return r;
	read_cwd(root);
	if (setns(root->own_ns, CLONE_NEWNS) < 0)
		return fail_sys(err, errno, "setns", "our own mount namespace");
	root->ns_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root->ns_root < 0 ? fail_sys(err, errno, "open", "/") : 0;
}

// Mounts the new root over the old one, in which we stay for now.
static int mount_root(struct privroot *root, struct error *err)
{
	static const struct mounttree_option options[] = {
		{.key = "source", .value = "nspeek"},
		{.key = "size", .value = "4m"},
		{.key = "nr_inodes", .value = "65536"},
		{.key = "mode", .value = "0755"},
		{0},
	};
	int r;

	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return mounttree_fail(err, errno, "mounting", "the old root");
	root->tree = mounttree_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (root->tree < 0)
		return mounttree_fail(err, -root->tree, "mounting", "the root");
	if ((r = mounttree_attach(root->tree, AT_FDCWD, "/")) < 0)
		return mounttree_fail(err, -r, "mounting", "the root");
	return stand_at(root->host, err);
}

int privroot_open(const struct privroot_request *request, struct privroot *ret, struct error *err)
{
	int r;

	*ret = PRIVROOT_EMPTY;
	ret->request = request;
	if ((r = make_namespace(ret, err)) < 0 || (r = visit_container(ret, err)) < 0)
		return r;
	return mount_root(ret, err);
}

int privroot_make_place(int tree, const char *path, bool is_dir)
{
	char part[PATH_MAX];

	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdirat(tree, part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	if (is_dir)
		return mkdirat(tree, path, 0755) < 0 && errno != EEXIST ? -errno : 0;
	auto_fd int fd = openat(tree, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : 0;
}

int privroot_show(const struct privroot *root, const char *from, const char *to,
	uint64_t attributes, struct error *err)
{
	struct stat st;
	auto_fd int copy = mounttree_clone(root->host, from, attributes);

	if (copy == -ENOENT || copy == -ENOTDIR)
		return 0;
	int r = copy < 0 ? copy : fstat(copy, &st) < 0 ? -errno : 0;
	if (r == 0)
		r = privroot_make_place(root->tree, to, S_ISDIR(st.st_mode));
	if (r == 0)
		r = mounttree_attach(copy, root->tree, to);
	return r < 0 ? mounttree_fail(err, -r, "mounting", to) : 0;
}

// Shows the tree NAME of the host's root, or the link that stands there, at TO.
static int show_tree(
	const struct privroot *root, const char *name, const char *to, struct error *err)
{
	char link[PATH_MAX];
	ssize_t len = readlinkat(root->host, name, link, sizeof(link) - 1);

	if (len < 0)
		return privroot_show(root, name, to, HOST_ATTRIBUTES, err);
	link[len] = '\0';
	if (symlinkat(link, root->tree, to) < 0)
		return fail_sys(err, errno, "symlink", "%s of the tools view", to);
	return 0;
}

int privroot_show_host(const struct privroot *root, const char *dir, struct error *err)
{
	char from[NAME_MAX], to[2 * NAME_MAX];
	int r;

	for (const char *const *name = hosttools_trees; *name; name++) {
		snprintf(to, sizeof(to), "%s%s", dir, *name);
		if ((r = show_tree(root, *name, to, err)) < 0)
			return r;
	}
	for (const char *const *name = hosttools_etc; *name; name++) {
		snprintf(from, sizeof(from), "etc/%s", *name);
		snprintf(to, sizeof(to), "%s%s", dir, from);
		r = privroot_show(root, from, to, HOST_ATTRIBUTES | MOUNT_ATTR_NOEXEC, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int privroot_pivot(const struct privroot *root, struct error *err)
{
	int r = stand_at(root->ns_root, err);

	if (r < 0)
		return r;
	if (fchdir(root->tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return mounttree_fail(err, errno, "pivot_root", "the root");
	return 0;
}

// Joins those of the set that are in TYPES too.
static int join(const struct privroot *root, unsigned types, struct error *err)
{
	const struct privroot_request *request = root->request;
	struct nsset some = *request->nsset; // borrows its fds

	some.join &= types;
	return nsset_join(&some, request->self_fd, request->notice, err);
}

int privroot_join_others(const struct privroot *root, struct error *err)
{
	return join(root, ~(1u << NSTYPE_MNT | 1u << NSTYPE_USER), err);
}

int privroot_detach_old(const struct privroot *root, struct error *err)
{
	if (umount2(".", MNT_DETACH) < 0)
		return mounttree_fail(err, errno, "umount", "the old root");
	int r = mounttree_set_readonly(root->tree);
	if (r < 0)
		return mounttree_fail(err, -r, "mounting", "the root");
	return chdir("/") < 0 ? fail_sys(err, errno, "chdir", "/ of the tools view") : 0;
}

int privroot_join_user(const struct privroot *root, struct error *err)
{
	return root->request->join_user ? join(root, 1u << NSTYPE_USER, err) : 0;
}

void privroot_fini(struct privroot *root)
{
	close_fd(&root->own_ns);
	close_fd(&root->host);
	close_fd(&root->ns_root);
	close_fd(&root->tree);
	close_fd(&root->target);
}
