// SPDX-License-Identifier: GPL-2.0-or-later
// Opening separate debug files.
#include "debugfile.h"

#include "cleanup.h"
#include "fd.h"
#include "sys.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEBUG_DIR "/usr/lib/debug"

// How the path at a place is made.
enum manner {
	BY_ID,    // below DEBUG_DIR, of the build id
	BY_LINK,  // BEFORE, the mapped file's directory, BEHIND, the name
	PACKAGED, // BEFORE, the mapped file's path, ".dwp"
	AS_IS,    // the name is a path, of a file that ends with BEHIND
	BELOW,    // the name is a path below BEFORE
	ALONE,    // BEFORE, the last component of the name
};

// The places, the best of each kind first.
static const struct place {
	enum debugfile_kind kind;
	bool host;
	enum manner manner;
	const char *before, *behind;
} places[] = {
	{DEBUGFILE_SEPARATE, false, BY_ID, "", ""},
	{DEBUGFILE_SEPARATE, false, BY_LINK, "", ""},
	{DEBUGFILE_SEPARATE, false, BY_LINK, "", "/.debug"},
	{DEBUGFILE_SEPARATE, false, BY_LINK, DEBUG_DIR, ""},
	{DEBUGFILE_SEPARATE, true, BY_ID, "", ""},
	{DEBUGFILE_SEPARATE, true, BY_LINK, DEBUG_DIR, ""},
	{DEBUGFILE_PACKAGE, false, PACKAGED, "", ""},
	{DEBUGFILE_PACKAGE, false, PACKAGED, DEBUG_DIR, ""},
	{DEBUGFILE_PACKAGE, true, PACKAGED, DEBUG_DIR, ""},
	{DEBUGFILE_SPLIT, false, AS_IS, "", ".dwo"},
	{DEBUGFILE_ALT, false, BY_ID, "", ""},
	{DEBUGFILE_ALT, false, BELOW, DEBUG_DIR, ""},
	{DEBUGFILE_ALT, false, ALONE, DEBUG_DIR "/.dwz", ""},
	{DEBUGFILE_ALT, true, BY_ID, "", ""},
	{DEBUGFILE_ALT, true, BELOW, DEBUG_DIR, ""},
	{DEBUGFILE_ALT, true, ALONE, DEBUG_DIR "/.dwz", ""},
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

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

// True when PATH is that of something in DIRECTORY.
static bool is_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return strncmp(path, directory, len) == 0 && path[len] == '/';
}

// The path for REQUEST at PLACE into PATH, PATH_MAX bytes. Returns false when there is none.
static bool make_path(const struct target *target, const struct debugfile_request *request,
	const struct place *place, char *path)
{
	const char *file = strip_root(target, request->path), *link = request->link;
	const char *slash = strrchr(file, '/'), *last = strrchr(link, '/');
	char hex[BUILDID_HEX_SIZE];
	int len = PATH_MAX;

	switch (place->manner) {
	case BY_ID:
		if (request->build_id->len < 2)
			return false;
		buildid_to_hex(request->build_id, hex);
		len = snprintf(path, PATH_MAX, DEBUG_DIR "/.build-id/%.2s/%s.debug", hex, hex + 2);
		break;
	case BY_LINK:
		if (is_component(link) && is_straight(file))
			len = snprintf(path, PATH_MAX, "%s%.*s%s/%s", place->before,
				(int)(slash - file), file, place->behind, link);
		break;
	case PACKAGED:
		if (is_straight(file))
			len = snprintf(path, PATH_MAX, "%s%s.dwp", place->before, file);
		break;
	case AS_IS:
		if (link[0] == '/' && ends_with(link, place->behind))
			len = snprintf(path, PATH_MAX, "%s", link);
		break;
	case BELOW:
		if (is_straight(link) && is_below(link, place->before))
			len = snprintf(path, PATH_MAX, "%s", link);
		break;
	case ALONE:
		last = last ? last + 1 : link;
		if (is_component(last))
			len = snprintf(path, PATH_MAX, "%s/%s", place->before, last);
		break;
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

// True when PATH, which opening below ROOT has failed for with R, -errno, is there nevertheless.
static bool is_other(int root, const char *path, int r)
{
	if (r == -EINVAL || r == -ELOOP)
		return true;
	if (r != -ENOENT)
		return false;
	auto_fd int fd = sys_openat2(root, path, O_PATH | O_NOFOLLOW, RESOLVE_IN_ROOT);
	return fd >= 0;
}

int debugfile_open(
	const struct target *target, const struct debugfile_request *request, unsigned *ret_place)
{
	char path[PATH_MAX];
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	auto_fd int root = target ? openat(target->task_fd, "root", flags) : -EBADF;
	auto_fd int host = open("/", flags);
	bool other = false;

	for (unsigned i = request->place; i < PLACE_COUNT; i++) {
		int dir = places[i].host ? host : root;
		if (places[i].kind != request->kind || dir < 0 ||
			!make_path(target, request, &places[i], path))
			continue;
		int fd = open_readable(dir, path);
		if (fd >= 0) {
			*ret_place = i;
			return fd;
		}
		other |= is_other(dir, path, fd);
	}
	return other ? -EINVAL : -ENOENT;
}
