// SPDX-License-Identifier: GPL-2.0-or-later
// Names of namespaces.
#include "nsnames.h"

#include "cgroup_text.h"
#include "cleanup.h"
#include "fd.h"
#include "nstype.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	NAMES_MAX = 16384,
	MOUNTINFO_MAX = 16 << 20,
};

// Adds NAME, a new string that it takes, for the namespace of ST.
static int add(struct nsnames *names, const struct stat *st, char *name)
{
	auto_free char *taken = name;

	if (!taken)
		return -ENOMEM;
	if (names->count == NAMES_MAX)
		return 0;
	if ((names->count & (names->count - 1)) == 0) {
		size_t room = names->count ? 2 * names->count : 1;
		struct nsname *grown = reallocarray(names->items, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		names->items = grown;
	}
	names->items[names->count++] = (struct nsname){st->st_dev, st->st_ino, take_ptr(taken)};
	return 0;
}

// The directory of the names of TYPE. A name that is a link to a namespace's file is one too.
static int read_directory(int type, struct nsnames *names)
{
	int dir_fd = open(nstypes[type].named_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	struct stat own, st;

	if (!dir || fstat(dir_fd, &own) < 0)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.' ||
			fstatat(dir_fd, entry->d_name, &st, AT_NO_AUTOMOUNT) < 0 ||
			st.st_dev == own.st_dev)
			continue;
		int r = add(names, &st, strdup(entry->d_name));
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_of_directory(const char *path, int type)
{
	const char *dir = nstypes[type].named_dir;

	return dir && strncmp(path, dir, strlen(dir)) == 0 && path[strlen(dir)] == '/';
}

// Where the file of a namespace is mounted, unless another mount is over it.
static int read_mount(const struct mount_row *mount, struct nsnames *names)
{
	char point[PATH_MAX];
	struct stat st;
	uint64_t id;
	int type = nstype_parse_link(mount->root, mount->root_len, &id);

	if (type < 0 || mount->type_len != 4 || memcmp(mount->type, "nsfs", 4) != 0 ||
		mount_unescape(mount->point, mount->point_len, point, sizeof(point)) < 0 ||
		is_of_directory(point, type) ||
		fstatat(AT_FDCWD, point, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0 ||
		st.st_ino != id)
		return 0;
	return add(names, &st, strdup(point));
}

static int read_mounts(struct nsnames *names)
{
	auto_free char *text = NULL;
	struct mount_row mount;
	size_t len;
	int r = fd_read_file_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len);
	const char *cursor = text;

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	while (mount_row_next(&cursor, text + len, &mount) > 0)
		if ((r = read_mount(&mount, names)) < 0)
			return r;
	return 0;
}

int nsnames_read(struct nsnames *ret)
{
	auto_nsnames struct nsnames names = {0};
	int r = 0;

	for (int i = 0; r == 0 && i < NSTYPE_COUNT; i++)
		if (nstypes[i].named_dir)
			r = read_directory(i, &names);
	if (r == 0)
		r = read_mounts(&names);
	if (r < 0)
		return r;
	*ret = names;
	names = (struct nsnames){0};
	return 0;
}

const char *nsnames_find(const struct nsnames *names, dev_t dev, ino_t id)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->items[i].dev == dev && names->items[i].id == id)
			return names->items[i].name;
	return NULL;
}

void nsnames_fini(struct nsnames *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i].name);
	free(names->items);
	*names = (struct nsnames){0};
}
