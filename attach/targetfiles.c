// SPDX-License-Identifier: GPL-2.0-or-later
// Taking over files of the container.
#include "targetfiles.h"

#include "cleanup.h"
#include "fd.h"
#include "mounttree.h"
#include "sys.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

enum { FILE_MAX = 256 << 10, RESOLVE_INSIDE = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

// Its resolver and its names for it, and its time zone.
static const char *const copied[] = {
	"etc/resolv.conf", "etc/hosts", "etc/hostname", "etc/localtime"};

// File systems whose files are interfaces of the kernel. Some have no name in linux/magic.h.
static const long interfaces[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
	SECURITYFS_MAGIC, SELINUX_MAGIC, SMACK_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
	BPF_FS_MAGIC, PSTOREFS_MAGIC, EFIVARFS_MAGIC, BINFMTFS_MAGIC, NSFS_MAGIC,
	0x50494446 /* pidfs */, RDTGROUP_SUPER_MAGIC, DEVPTS_SUPER_MAGIC,
	0x5a3c69f0 /* apparmorfs */, 0x62656570 /* configfs */, 0x65735543 /* fusectl */,
	0x19800202 /* mqueue */};

static bool is_interface(long type)
{
	for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++)
		if (interfaces[i] == type)
			return true;
	return false;
}

int targetfiles_open(int root_fd, const char *path, int proc_fd)
{
	char link[48];
	struct stat st;
	struct statfs fs;
	auto_fd int seen = sys_openat2(root_fd, path, O_PATH, RESOLVE_INSIDE);

	if (seen < 0 || fstat(seen, &st) < 0 || fstatfs(seen, &fs) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || is_interface(fs.f_type))
		return -EINVAL;
	snprintf(link, sizeof(link), "../self/fd/%d", seen);
	int fd = openat(proc_fd, link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_copy(int view, const char *path, const char *text, size_t len)
{
	auto_fd int fd = openat(view, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : fd_write_all(fd, text, len);
}

static int copy_file(const struct targetfiles_request *request, const char *path)
{
	auto_free char *text = NULL;
	size_t len;
	auto_fd int fd = targetfiles_open(request->root, path, request->proc_fd);
	int r = fd < 0 ? fd : fd_read_all(fd, FILE_MAX, &text, &len);

	if (r < 0 && r != -ENOENT)
		notice_step(request->notice, "tools view: /%s of the container is left out: %s",
			path, strerror(-r));
	return r < 0 ? 0 : write_copy(request->view, path, text, len);
}

static int show_sys(const struct targetfiles_request *request)
{
	struct statfs fs;
	auto_fd int sys = sys_openat2(
		request->root, "sys", O_PATH | O_DIRECTORY | O_NOFOLLOW, RESOLVE_INSIDE);

	if (sys < 0 || fstatfs(sys, &fs) < 0 || fs.f_type != SYSFS_MAGIC)
		return 0;
	auto_fd int copy = mounttree_clone(sys, "", request->sys_attributes);
	return copy < 0 ? copy : mounttree_attach(copy, request->view, "sys");
}

int targetfiles_take(const struct targetfiles_request *request)
{
	int result = 0;

	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		int r = copy_file(request, copied[i]);
		if (r < 0 && result == 0)
			result = r;
	}
	int r = show_sys(request);
	return result < 0 ? result : r;
}
