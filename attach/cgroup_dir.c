// SPDX-License-Identifier: GPL-2.0-or-later
// Finding and walking directories of cgroups.
#include "cgroup_dir.h"

#include "cleanup.h"
#include "fd.h"
#include "sys.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

// Opens the mount point of MOUNT, if it is what is to be seen there: another mount can hide it.
static int open_mount(const struct mount_row *mount)
{
	char point[PATH_MAX];
	struct sys_file_id id;
	int r = mount_unescape(mount->point, mount->point_len, point, sizeof(point));
	if (r < 0)
		return r;

	auto_fd int fd = open(point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (sys_file_id(fd, "", &id) < 0)
		return -errno;
	bool same = id.has_mount_id
			    ? id.mount_id == mount->id
			    : id.dev_major == mount->dev_major && id.dev_minor == mount->dev_minor;
	return same ? take_fd(&fd) : -ENOENT;
}

static void name_dir(const struct cgroup_row *row, struct cgroup_dir *dir)
{
	int len = row->name_len < CGROUP_NAME_SIZE ? (int)row->name_len : CGROUP_NAME_SIZE - 1;

	dir->is_v2 = len == 0;
	snprintf(dir->name, sizeof(dir->name), "%.*s", dir->is_v2 ? 2 : len,
		dir->is_v2 ? "v2" : row->name);
}

int cgroup_dir_find(
	const struct cgroup_row *row, const char *mounts, size_t len, struct cgroup_dir *ret)
{
	const char *cursor = mounts;
	struct mount_row mount;
	int r, result = -ENOENT;

	name_dir(row, ret);
	while ((r = mount_row_next(&cursor, mounts + len, &mount)) > 0) {
		if (!cgroup_is_shown_by(row, &mount))
			continue;
		r = cgroup_path_below(row, &mount, ret->path, sizeof(ret->path));
		int fd = r < 0 ? r : open_mount(&mount);
		if (fd >= 0) {
			ret->mount_fd = fd;
			return 0;
		}
		result = fd;
	}
	return r < 0 ? r : result;
}

int cgroup_dir_walk(const struct cgroup_dir *dir, cgroup_visit_fn *visit, void *arg, int *ret_leaf,
	struct error *err)
{
	char path[PATH_MAX];
	char *rest = path, *name = path;
	auto_fd int fd = openat(dir->mount_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : 0;
	int len = 0;

	memcpy(path, dir->path, sizeof(path));
	while (r == 0) {
		if (visit && (r = visit(dir, fd, len, arg, err)) < 0)
			return r;
		while ((name = strsep(&rest, "/")) && name[0] == '\0')
			;
		if (!name)
			break;
		len = (int)(name - path) + (int)strlen(name);
		int next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = next < 0 ? -errno : 0;
		close_fd(&fd);
		fd = next;
	}
	if (r < 0)
		return fail_sys(
			err, -r, "open", "the cgroup /%.*s (%s)", len, dir->path, dir->name);
	*ret_leaf = take_fd(&fd);
	return 0;
}

// True when file NAME of DIR_FD begins with WORD. A file that is not there begins with nothing.
static bool begins_with(int dir_fd, const char *name, const char *word)
{
	char text[64];
	ssize_t len = fd_read_small_at(dir_fd, name, text, sizeof(text));

	return len >= 0 && strncmp(text, word, strlen(word)) == 0;
}

// True when the cgroup's events say that all of it is frozen, by whichever ancestor.
static bool has_frozen_event(int dir_fd)
{
	char text[512];
	ssize_t len = fd_read_small_at(dir_fd, "cgroup.events", text, sizeof(text));

	return len >= 0 && strstr(text, "frozen 1\n");
}

bool cgroup_dir_is_frozen(int dir_fd)
{
	return begins_with(dir_fd, "freezer.state", "FREEZING") ||
	       begins_with(dir_fd, "freezer.state", "FROZEN") ||
	       begins_with(dir_fd, "cgroup.freeze", "1") || has_frozen_event(dir_fd);
}

void cgroup_dir_fini(struct cgroup_dir *dir)
{
	close_fd(&dir->mount_fd);
}
