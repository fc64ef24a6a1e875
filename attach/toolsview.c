// SPDX-License-Identifier: GPL-2.0-or-later
// Filling the tools view.
#include "toolsview.h"

#include "cleanup.h"
#include "mounttree.h"
#include "procmount.h"
#include "subtask.h"
#include "targetfiles.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

enum {
	DATA_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	KERNEL_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	DEVICE_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
};

// How long the container's file systems may take to give up some small files.
enum { FILES_LIMIT_MS = 3000 };

const uint64_t toolsview_target_attributes = DATA_ATTRIBUTES;

// The directories that nothing else makes.
static const char *const dirs[] = {
	"dev/pts", "dev/shm", "etc", "proc", "root", "run", "sys", "tmp", NULL};

// What is new in the view and writable, and its bounds.
static const struct {
	const char *path, *type;
	unsigned attributes;
	struct mounttree_option options[5];
} new_mounts[] = {
	{"tmp", "tmpfs", DATA_ATTRIBUTES,
		{{"source", "nspeek", 0}, {"size", "256m", 0}, {"nr_inodes", "65536", 0},
			{"mode", "1777", 0}}},
	{"run", "tmpfs", DATA_ATTRIBUTES,
		{{"source", "nspeek", 0}, {"size", "16m", 0}, {"nr_inodes", "4096", 0},
			{"mode", "0755", 0}}},
	{"dev/shm", "tmpfs", DATA_ATTRIBUTES,
		{{"source", "nspeek", 0}, {"size", "64m", 0}, {"nr_inodes", "4096", 0},
			{"mode", "1777", 0}}},
	{"dev/pts", "devpts", DEVICE_ATTRIBUTES,
		{{"source", "nspeek", 0}, {"mode", "0620", 0}, {"ptmxmode", "0666", 0}}},
};

// The host's devices: such that nobody can harm another by.
static const char *const devices[] = {
	"dev/null", "dev/zero", "dev/full", "dev/random", "dev/urandom", "dev/tty", NULL};

static const struct {
	const char *path, *to;
} links[] = {
	{"dev/fd", "/proc/self/fd"},
	{"dev/stdin", "/proc/self/fd/0"},
	{"dev/stdout", "/proc/self/fd/1"},
	{"dev/stderr", "/proc/self/fd/2"},
	{"dev/ptmx", "pts/ptmx"},
};

static int make_dirs(const struct privroot *root, struct error *err)
{
	for (const char *const *dir = dirs; *dir; dir++) {
		int r = privroot_make_place(root->tree, *dir, true);
		if (r < 0)
			return fail_sys(err, -r, "mkdir", "/%s of the tools view", *dir);
	}
	return 0;
}

static int mount_new(const struct privroot *root, struct error *err)
{
	for (size_t i = 0; i < sizeof(new_mounts) / sizeof(new_mounts[0]); i++) {
		auto_fd int tree = mounttree_new(
			new_mounts[i].type, new_mounts[i].options, new_mounts[i].attributes);
		int r = tree < 0 ? tree : mounttree_attach(tree, root->tree, new_mounts[i].path);
		if (r < 0)
			return mounttree_fail(err, -r, "mounting", new_mounts[i].path);
	}
	return 0;
}

static int fill_dev(const struct privroot *root, struct error *err)
{
	int r;

	for (const char *const *device = devices; *device; device++)
		if ((r = privroot_show(root, *device, *device, DEVICE_ATTRIBUTES, err)) < 0)
			return r;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlinkat(links[i].to, root->tree, links[i].path) < 0)
			return fail_sys(
				err, errno, "symlink", "/%s of the tools view", links[i].path);
	return 0;
}

// Shows the container's files, where the new /run has been mounted by now.
static int show_target(const struct privroot *root, struct error *err)
{
	const char *path = &TOOLSVIEW_TARGET[1];
	int r = privroot_make_place(root->tree, path, true);

	if (r == 0 && root->target >= 0)
		r = mounttree_attach(root->target, root->tree, path);
	return r < 0 ? mounttree_fail(err, -r, "mounting", TOOLSVIEW_TARGET) : 0;
}

static int take_target_files(void *arg)
{
	const struct privroot *root = arg;
	const struct targetfiles_request request = {
		.root = root->target,
		.view = root->tree,
		.proc_fd = root->request->self_fd,
		.sys_attributes = KERNEL_ATTRIBUTES,
		.notice = root->request->notice,
	};

	return targetfiles_take(&request);
}

// Whatever comes of it: the view can do without.
static void run_take_target_files(struct privroot *root)
{
	const struct notice *notice = root->request->notice;
	int r = root->target < 0 ? 0 : subtask_run(take_target_files, root, FILES_LIMIT_MS);

	if (r == -ETIMEDOUT)
		notice_warning(notice,
			"the container's files do not answer: the tools view does without its "
			"resolv.conf, hosts, hostname, localtime and /sys");
	else if (r < 0)
		notice_step(notice, "tools view: not all of the container's files were had: %s",
			strerror(-r));
}

static int fill(struct privroot *root, struct error *err)
{
	int r;

	if ((r = make_dirs(root, err)) < 0 || (r = privroot_show_host(root, "", err)) < 0 ||
		(r = mount_new(root, err)) < 0 || (r = fill_dev(root, err)) < 0)
		return r;
	return show_target(root, err);
}

// Where the container has no sysfs, one of its network namespace.
static void complete_sys(const struct privroot *root)
{
	const struct notice *notice = root->request->notice;
	struct statfs fs;
	auto_fd int sys = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (sys < 0 || fstatfs(sys, &fs) < 0 || fs.f_type == SYSFS_MAGIC)
		return;
	auto_fd int fresh = mounttree_new("sysfs", NULL, KERNEL_ATTRIBUTES | MOUNT_ATTR_RDONLY);
	int r = fresh < 0 ? fresh : mounttree_attach(fresh, AT_FDCWD, "/sys");
	if (r < 0)
		notice_step(notice,
			"tools view: /sys is empty: the container has none, and a new "
			"one is refused: %s",
			strerror(-r));
	else
		notice_step(notice, "tools view: /sys is new: the container has none");
}

static int enter(const struct privroot_request *request, struct privroot *root, struct error *err)
{
	int r;

	if ((r = privroot_open(request, root, err)) < 0 || (r = fill(root, err)) < 0)
		return r;
	bool has_proc = procmount_from_outside(root);
	run_take_target_files(root);
	if ((r = privroot_pivot(root, err)) < 0 ||
		(!has_proc && (r = procmount_from_inside(root, err)) < 0) ||
		(r = privroot_join_others(root, err)) < 0)
		return r;
	complete_sys(root);
	if ((r = privroot_detach_old(root, err)) < 0)
		return r;
	return privroot_join_user(root, err);
}

int toolsview_enter(const struct privroot_request *request, struct error *err)
{
	auto_privroot struct privroot root = PRIVROOT_EMPTY;
	mode_t mask = umask(0022);
	int r = enter(request, &root, err);

	umask(mask);
	return r;
}
