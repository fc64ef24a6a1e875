// SPDX-License-Identifier: GPL-2.0-or-later
// Finding and opening state files.
#include "statefiles.h"

#include "cleanup.h"
#include "container_mounts.h"
#include "fd.h"
#include "passwd.h"
#include "sys.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	FILE_MAX = 4 << 20,         // bytes, STATE_FILE_MAX of inspect/staterecord.h
	PASSWD_MAX = 16 << 20,      // bytes of /etc/passwd
	ENTRIES_MAX = 1 << 16,      // of a directory
	USER_ENTRIES_MAX = 1 << 10, // of one that an ordinary user fills
};

static const char *const drivers[] = {"overlay", "vfs", "btrfs", "zfs", "aufs"};
enum { DRIVERS = sizeof(drivers) / sizeof(drivers[0]) };

// What a place's signs stand for.
struct signs {
	const char *id, *driver, *home;
	uid_t owner;
	bool is_rootless;
};

// Where a file is looked for.
struct looking {
	int proc_fd, root_fd;
	const struct container *container;
	struct state_file *file;
};

static bool append(char *path, size_t size, size_t *len, const char *text, size_t text_len)
{
	if (*len + text_len >= size)
		return false;
	memcpy(path + *len, text, text_len);
	*len += text_len;
	path[*len] = '\0';
	return true;
}

// Writes PLACE with its signs replaced to RET of SIZE bytes. False when it does not fit, or a sign
// stands for nothing.
static bool expand(const char *place, const struct signs *signs, char *ret, size_t size)
{
	size_t len = 0;
	char number[16];

	for (const char *p = place; *p; p++) {
		const char *text = NULL;
		if (*p != '%') {
			if (!append(ret, size, &len, p, 1))
				return false;
			continue;
		}
		switch (*++p) {
		case 'i':
			text = signs->id;
			break;
		case 'd':
			text = signs->driver;
			break;
		case 'h':
			text = signs->is_rootless ? signs->home : NULL;
			break;
		case 'u':
			snprintf(number, sizeof(number), "%u", signs->owner);
			text = signs->is_rootless ? number : NULL;
			break;
		}
		if (!text || !append(ret, size, &len, text, strlen(text)))
			return false;
	}
	return true;
}

// True when the file with ST may be believed for a container of OWNER.
static const char *trouble_of(const struct stat *st, bool is_rootless, uid_t owner)
{
	if (!S_ISREG(st->st_mode))
		return "it is no regular file";
	if (st->st_uid != 0 && (st->st_uid != owner || !(is_rootless || owner == geteuid())))
		return "it belongs neither to root nor to who made the container";
	if (st->st_mode & S_IWOTH)
		return "everybody can write to it";
	return st->st_size > FILE_MAX ? "it is too large" : NULL;
}

// Opens PATH below DIR_FD. Returns an fd, or -errno; *RET_TROUBLE then says it where there is one.
static int open_checked(
	int dir_fd, const char *path, bool is_rootless, uid_t owner, const char **ret_trouble)
{
	struct stat st, opened;
	auto_fd int seen = openat(dir_fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	*ret_trouble = NULL;
	if (seen < 0 || fstat(seen, &st) < 0)
		return -errno;
	*ret_trouble = trouble_of(&st, is_rootless, owner);
	if (*ret_trouble)
		return -EINVAL;
	auto_fd int fd =
		openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &opened) < 0)
		return -errno;
	if (opened.st_ino == st.st_ino && opened.st_dev == st.st_dev)
		return take_fd(&fd);
	*ret_trouble = "it is being replaced";
	return -EAGAIN;
}

static bool is_missing(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -EACCES || r == -EPERM || r == -ELOOP;
}

// Opens PATH, from the root, or below /proc if IN_PROC. As statefile_open().
static int try_path(
	const struct looking *looking, const char *path, bool in_proc, enum state_kind kind)
{
	const struct container *container = looking->container;
	const char *trouble;
	int fd;

	while (!in_proc && *path == '/')
		path++;
	fd = open_checked(in_proc ? looking->proc_fd : looking->root_fd, path,
		container->is_rootless, container->owner, &trouble);
	if (fd < 0 && !trouble && is_missing(fd))
		return -ENOENT;
	looking->file->kind = kind;
	looking->file->trouble = fd >= 0 ? NULL : trouble ? trouble : "it cannot be opened";
	snprintf(looking->file->path, sizeof(looking->file->path), "%s%.4000s",
		in_proc ? "/proc/" : "/", path);
	return fd;
}

// The home directory of UID, by our own passwd file, into RET of SIZE bytes.
static bool find_home(int root_fd, uid_t uid, char *ret, size_t size)
{
	auto_free char *text = NULL;
	size_t len;
	struct passwd_row row;

	if (fd_read_file_at(root_fd, "etc/passwd", PASSWD_MAX, &text, &len) < 0 ||
		passwd_find_uid(text, len, uid, &row) < 0 || row.home.len >= size)
		return false;
	memcpy(ret, row.home.text, row.home.len);
	ret[row.home.len] = '\0';
	return true;
}

// What an ordinary user made is not looked for among root's.
static bool is_of(const struct state_place *place, const struct container *container)
{
	return container->is_rootless == (strstr(place->path, "%h") || strstr(place->path, "%u"));
}

static int try_places(const struct looking *looking, const struct runtime *runtime)
{
	const struct container *container = looking->container;
	char home[PATH_MAX], path[PATH_MAX];
	struct signs signs = {.id = container->id,
		.owner = container->owner,
		.is_rootless = container->is_rootless};
	int r = -ENOENT;

	if (signs.is_rootless && find_home(looking->root_fd, signs.owner, home, sizeof(home)))
		signs.home = home;
	for (const struct state_place *place = runtime->places; place && place->path; place++) {
		bool has_driver = strstr(place->path, "%d") != NULL;
		size_t count = !is_of(place, container) ? 0 : has_driver ? DRIVERS : 1;
		for (size_t i = 0; r == -ENOENT && i < count; i++) {
			signs.driver = drivers[i];
			if (expand(place->path, &signs, path, sizeof(path)))
				r = try_path(looking, path, false, place->kind);
		}
	}
	return r;
}

// Where the container's mounts lead.
static int try_mounts(const struct looking *looking)
{
	struct container_mounts mounts;
	char path[PATH_MAX + 128];
	int r = -ENOENT;

	if (!looking->container->has_own_mounts ||
		container_mounts_read(looking->proc_fd, looking->container, &mounts) < 0)
		return -ENOENT;
	if (mounts.docker[0]) {
		snprintf(path, sizeof(path), "%s/%s/config.v2.json", mounts.docker,
			looking->container->id);
		r = try_path(looking, path, false, STATE_DOCKER);
	}
	for (size_t i = 0;
		r == -ENOENT && mounts.graph[0] && i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s-containers/containers.json", mounts.graph,
			drivers[i]);
		r = try_path(looking, path, false, STATE_CONTAINERS);
	}
	return r;
}

int statefile_open(
	int proc_fd, int root_fd, const struct container *container, struct state_file *ret)
{
	const struct looking looking = {proc_fd, root_fd, container, ret};
	const struct runtime *runtime = container->engine ? container->engine : container->runtime;
	char path[PATH_MAX];
	int r = -ENOENT;

	if (!runtime || !container->id || strchr(container->id, '/'))
		return -ENOENT;
	ret->runtime = runtime;
	bool is_docker = strcmp(runtime->name, "docker") == 0;
	if (container->bundle && !is_docker) {
		snprintf(path, sizeof(path), "%.4000s/config.json", container->bundle);
		r = try_path(&looking, path, true, STATE_BUNDLE);
	}
	if (container->is_nested)
		return r;
	if (r == -ENOENT)
		r = try_places(&looking, runtime);
	// Of Kubernetes' containers no cgroup may say what runs them.
	for (const struct runtime *row = runtimes; row->name && r == -ENOENT; row++)
		if (!container->engine && runtime->in_pods_only && row->in_pods) {
			ret->runtime = row;
			r = try_places(&looking, row);
		}
	return r == -ENOENT ? try_mounts(&looking) : r;
}

// What is looked through.
struct store {
	int root_fd;
	const struct containers *containers;
	const struct state_place *place;
	struct store_file file;
	store_visit *visit;
	void *arg;
};

// True when ID is that of a container that is known to be of the store's runtime and maker: others
// can be called so as they like.
static bool is_known(const struct store *store, const char *id)
{
	const struct store_file *file = &store->file;

	for (size_t i = 0; i < store->containers->count; i++) {
		const struct container *row = store->containers->rows[i];
		if (row->runtime && row->id && strcmp(row->id, id) == 0 &&
			(row->runtime == file->runtime || row->engine == file->runtime) &&
			row->is_rootless == file->is_rootless &&
			(!row->is_rootless || row->owner == file->owner))
			return true;
	}
	return false;
}

// Opens PATH of the store; what an ordinary user can make a link is none. openat2(2) is missing
// before Linux 5.6: then the last part is looked at only.
static int open_linkless(const struct store *store, const char *path, int flags)
{
	int fd = -1;

	if (!store->file.is_rootless)
		return openat(store->root_fd, path, flags | O_CLOEXEC);
	fd = sys_openat2(store->root_fd, path, flags, RESOLVE_NO_SYMLINKS);
	return fd < 0 && (errno == ENOSYS || errno == EPERM)
		       ? openat(store->root_fd, path, flags | O_NOFOLLOW | O_CLOEXEC)
		       : fd;
}

// Visits the file at the end of PATH, by its directory.
static void visit_file(struct store *store, const char *path)
{
	struct state_file *file = &store->file.file;
	char dir_path[PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(dir_path, sizeof(dir_path), "%.*s", slash ? (int)(slash - path) : 1,
		slash ? path : ".");
	auto_fd int dir_fd = open_linkless(store, dir_path, O_PATH | O_DIRECTORY);
	if (dir_fd < 0)
		return;
	auto_fd int fd = open_checked(dir_fd, slash ? slash + 1 : path, store->file.is_rootless,
		store->file.owner, &file->trouble);

	if (fd < 0 && !file->trouble && is_missing(fd))
		return;
	if (fd < 0 && !file->trouble)
		file->trouble = "it cannot be opened";
	file->kind = store->place->kind;
	snprintf(file->path, sizeof(file->path), "/%.4000s", path);
	store->visit(store->arg, &store->file, fd);
}

static void visit_level(struct store *store, const char *path, const char *rest);

// Goes on with each entry of the directory PATH, in place of the sign at the beginning of REST.
static void visit_entries(struct store *store, const char *path, const char *rest)
{
	const char *behind = rest + strcspn(rest, "/");
	bool is_id = rest[0] == '%';
	int max = store->file.is_rootless ? USER_ENTRIES_MAX : ENTRIES_MAX;
	auto_fd int fd = open_linkless(store, path, O_RDONLY | O_DIRECTORY);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		take_fd(&fd);
	for (int i = 0; dir && i < max; i++) {
		char below[PATH_MAX];
		struct dirent *entry = readdir(dir);
		if (!entry)
			break;
		if (entry->d_name[0] == '.' || (is_id && is_known(store, entry->d_name)))
			continue;
		if (is_id)
			store->file.id = entry->d_name;
		snprintf(below, sizeof(below), "%.3000s/%s", path, entry->d_name);
		visit_level(store, below, behind);
	}
}

// Goes down from PATH by REST, what is left of the place.
static void visit_level(struct store *store, const char *path, const char *rest)
{
	char below[PATH_MAX];

	if (rest[0] == '\0') {
		visit_file(store, path);
		return;
	}
	rest += rest[0] == '/';
	if (rest[0] == '*' || strncmp(rest, "%i", 2) == 0) {
		visit_entries(store, path[0] ? path : ".", rest);
		return;
	}
	size_t len = strcspn(rest, "/");
	const char *slash = path[0] ? "/" : "";
	if (len == 2 && strncmp(rest, "%u", 2) == 0)
		snprintf(below, sizeof(below), "%.3000s%s%u", path, slash, store->file.owner);
	else
		snprintf(below, sizeof(below), "%.3000s%s%.*s", path, slash, (int)len, rest);
	visit_level(store, below, rest + len);
}

// Those of one who makes containers: root, or an ordinary user.
static void visit_stores_of(struct store *store)
{
	for (const struct runtime *row = runtimes; row->name; row++)
		for (store->place = row->stores; store->place && store->place->path;
			store->place++) {
			bool is_users = strstr(store->place->path, "%u") != NULL;
			if (is_users != store->file.is_rootless)
				continue;
			store->file.runtime = row;
			visit_level(store, "", store->place->path + 1);
		}
}

// True when no row before INDEX is of the same ordinary user.
static bool is_first_of(const struct containers *containers, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (containers->rows[i]->is_rootless &&
			containers->rows[i]->owner == containers->rows[index]->owner)
			return false;
	return true;
}

void statefiles_visit_stores(
	int root_fd, const struct containers *containers, store_visit *visit, void *arg)
{
	struct store store = {
		.root_fd = root_fd, .containers = containers, .visit = visit, .arg = arg};

	visit_stores_of(&store);
	store.file.is_rootless = true;
	for (size_t i = 0; i < containers->count; i++)
		if (containers->rows[i]->is_rootless && is_first_of(containers, i)) {
			store.file.owner = containers->rows[i]->owner;
			visit_stores_of(&store);
		}
}
