// SPDX-License-Identifier: GPL-2.0-or-later
// Opening separate debug files.
#include "debugfile.h"

#include "cleanup.h"
#include "fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEBUG_DIR "/usr/lib/debug"

// The places, the best first. By a link: BEFORE, the mapped file's directory, BEHIND, the name.
static const struct place {
	bool host, link;
	const char *before, *behind;
} places[] = {
	{.host = false, .link = false},
	{.host = false, .link = true, .before = "", .behind = ""},
	{.host = false, .link = true, .before = "", .behind = "/.debug"},
	{.host = false, .link = true, .before = DEBUG_DIR, .behind = ""},
	{.host = true, .link = false},
	{.host = true, .link = true, .before = DEBUG_DIR, .behind = ""},
};

enum { PLACE_COUNT = sizeof(places) / sizeof(places[0]) };

// What of PATH, a path of a mapped file, stands below the root of TARGET: after chroot(2) alone,
// the kernel's paths begin with that root.
static const char *strip_root(const struct target *target, const char *path)
{
	char root[PATH_MAX];
	ssize_t len = target ? readlinkat(target->task_fd, "root", root, sizeof(root)) : 0;

	if (len > 1 && (size_t)len < sizeof(root) && strncmp(path, root, (size_t)len) == 0 &&
		path[len] == '/')
		return path + len;
	return path;
}

// True when NAME is one component of a path.
static bool is_component(const char *name)
{
	return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

// True when PATH is absolute and goes nowhere up.
static bool is_straight(const char *path)
{
	return path[0] == '/' && !strstr(path, "/../");
}

// The path for REQUEST at PLACE into PATH, PATH_MAX bytes. Returns false when there is none.
static bool make_path(const struct target *target, const struct debugfile_request *request,
	const struct place *place, char *path)
{
	char hex[BUILDID_HEX_SIZE];
	int len;

	if (place->link) {
		const char *file = strip_root(target, request->path);
		const char *slash = strrchr(file, '/');
		if (!is_component(request->link) || !is_straight(file))
			return false;
		len = snprintf(path, PATH_MAX, "%s%.*s%s/%s", place->before, (int)(slash - file),
			file, place->behind, request->link);
	} else {
		if (request->build_id->len < 2)
			return false;
		buildid_to_hex(request->build_id, hex);
		len = snprintf(path, PATH_MAX, DEBUG_DIR "/.build-id/%.2s/%s.debug", hex, hex + 2);
	}
	return len < PATH_MAX;
}

static int open_readable(int root, const char *path)
{
	struct stat st;
	auto_fd int fd = fd_open_regular_in_root(root, path);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_mode & S_IROTH ? take_fd(&fd) : -EACCES;
}

int debugfile_open(
	const struct target *target, const struct debugfile_request *request, unsigned *ret_place)
{
	char path[PATH_MAX];
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	auto_fd int root = target ? openat(target->task_fd, "root", flags) : -EBADF;
	auto_fd int host = open("/", flags);

	for (unsigned i = request->place; i < PLACE_COUNT; i++) {
		int dir = places[i].host ? host : root;
		if (dir < 0 || !make_path(target, request, &places[i], path))
			continue;
		int fd = open_readable(dir, path);
		if (fd >= 0) {
			*ret_place = i;
			return fd;
		}
	}
	return -ENOENT;
}
