// SPDX-License-Identifier: GPL-2.0-or-later
// Writing files whole.
#include "newfile.h"

#include "cleanup.h"
#include "clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

// The name in the directory of PATH.
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int open_dir(const char *path)
{
	size_t len = (size_t)(name_of(path) - path);
	auto_free char *dir = len > 0 ? strndup(path, len) : strdup(".");

	if (!dir)
		return -ENOMEM;
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

// Opens the file without a name in FILE's directory; or, where there are none, with its other name.
static int open_file(struct newfile *file)
{
	int fd = openat(file->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	// What it says where it does not know O_TMPFILE: open(2), BUGS.
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
		return -errno;
	fd = openat(
		file->dir_fd, file->temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	file->is_named = fd >= 0;
	return fd < 0 ? -errno : fd;
}

int newfile_open(const char *path, struct newfile *ret, struct error *err)
{
	auto_newfile struct newfile file = NEWFILE_EMPTY;
	const char *name = name_of(path);
	struct stat st;

	if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fail(err, ERROR_SYSTEM, EISDIR, "creating failed on '%s': it names no file",
			path);
	file.path = strdup(path);
	if (!file.path)
		return fail_sys(err, ENOMEM, "creating", "%s", path);
	file.dir_fd = open_dir(path);
	if (file.dir_fd < 0)
		return fail_sys(err, -file.dir_fd, "open", "the directory of %s", path);
	if (fstatat(file.dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode) &&
		!S_ISLNK(st.st_mode))
		return fail(err, ERROR_SYSTEM, EEXIST,
			"creating failed on %s: what is there is no regular file", path);
	// What an earlier one of our PID has left must not be in the way.
	snprintf(file.temp, sizeof(file.temp), ".nspeek-%d-%llx", getpid(),
		(unsigned long long)clock_now_us());
	file.fd = open_file(&file);
	if (file.fd < 0)
		return fail_sys(err, -file.fd, "creating", "%s", path);
	*ret = file;
	file = (struct newfile)NEWFILE_EMPTY;
	return 0;
}

// Gives the file, which has none, the name NAME.
static int give_name(const struct newfile *file, const char *name)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file->fd);
	if (linkat(AT_FDCWD, link, file->dir_fd, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	// Without /proc; needs CAP_DAC_READ_SEARCH.
	if (errno == ENOENT && linkat(file->fd, "", file->dir_fd, name, AT_EMPTY_PATH) == 0)
		return 0;
	return -errno;
}

int newfile_commit(struct newfile *file, struct error *err)
{
	const char *name = name_of(file->path);
	int r = 0;

	if (fsync(file->fd) < 0)
		return fail_sys(err, errno, "write", "%s", file->path);
	if (!file->is_named) {
		if ((r = give_name(file, name)) == 0)
			return 0;
		if (r == -EEXIST && (r = give_name(file, file->temp)) == 0)
			file->is_named = true;
	}
	if (file->is_named)
		r = renameat(file->dir_fd, file->temp, file->dir_fd, name) < 0 ? -errno : 0;
	if (r < 0)
		return fail_sys(err, -r, "creating", "%s", file->path);
	file->is_named = false;
	return 0;
}

void newfile_fini(struct newfile *file)
{
	if (file->is_named)
		unlinkat(file->dir_fd, file->temp, 0);
	close_fd(&file->fd);
	close_fd(&file->dir_fd);
	free(take_ptr(file->path));
	file->is_named = false;
}
