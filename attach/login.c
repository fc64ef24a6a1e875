// SPDX-License-Identifier: GPL-2.0-or-later
// The user's name, home, shell and groups.
#include "login.h"

#include "cleanup.h"
#include "fd.h"
#include "group.h"
#include "number.h"
#include "passwd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20 };

static const char passwd_file[] = "/etc/passwd", group_file[] = "/etc/group";

// As fd_open_regular_in_root(), for kernels without openat2(2).
static int open_plainly(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	return take_fd(&fd);
}

// Reads PATH of the container. Fails with -errno, -EINVAL when it is no regular file, -EFBIG.
static int read_text(const char *path, char **ret, size_t *ret_len)
{
	auto_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -errno;

	int opened = fd_open_regular_in_root(root_fd, path);
	// Some filters of system calls answer EPERM to what they do not know.
	auto_fd int fd = opened == -ENOSYS || opened == -EPERM ? open_plainly(path) : opened;
	return fd < 0 ? fd : fd_read_all(fd, FILE_MAX, ret, ret_len);
}

static int fail_read(const char *path, int errnum, struct error *err)
{
	const char *why = errnum == EINVAL  ? "it is no regular file"
			  : errnum == EFBIG ? "it is longer than 1 MiB"
					    : strerror(errnum);

	return fail(err, ERROR_SYSTEM, errnum, "the container's %s cannot be read: %s", path, why);
}

// True when PATH, of LEN bytes, is a shell that somebody can use.
static bool is_usable_shell(const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);
	if (len == 0 || path[0] != '/' || !slash)
		return false;

	const char *base = slash + 1;
	size_t base_len = len - (size_t)(base - path);
	return base_len > 0 && !(base_len == 7 && memcmp(base, "nologin", 7) == 0) &&
	       !(base_len == 5 && memcmp(base, "false", 5) == 0);
}

static int take_row(const struct passwd_row *row, struct login *login, struct error *err)
{
	bool has_shell = is_usable_shell(row->shell.text, row->shell.len);

	login->has_gid = true;
	login->uid = row->uid;
	login->gid = row->gid;
	login->name = strndup(row->name.text, row->name.len);
	login->home = strndup(row->home.text, row->home.len);
	login->shell = has_shell ? strndup(row->shell.text, row->shell.len) : NULL;
	if (!login->name || !login->home || (has_shell && !login->shell))
		return fail_sys(err, ENOMEM, "read", "the container's %s", passwd_file);
	return 0;
}

// Finds UID in TEXT, a passwd file, which may be NULL.
static int find_row(const char *text, size_t len, uid_t uid, struct login *ret, struct error *err)
{
	auto_login struct login login = {.uid = uid};
	struct passwd_row row;

	if (text && passwd_find_uid(text, len, uid, &row) == 0) {
		int r = take_row(&row, &login, err);
		if (r < 0)
			return r;
	}
	*ret = login;
	login = (struct login){0};
	return 0;
}

int login_read(uid_t uid, struct login *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len = 0;

	return read_text(passwd_file, &text, &len) < 0 ? find_row(NULL, 0, uid, ret, err)
						       : find_row(text, len, uid, ret, err);
}

int login_read_from(int fd, uid_t uid, struct login *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len = 0;

	return fd < 0 || fd_read_all(fd, FILE_MAX, &text, &len) < 0
		       ? find_row(NULL, 0, uid, ret, err)
		       : find_row(text, len, uid, ret, err);
}

// 1 when WORD is a number, which goes to *RET; 0 when it is a name.
static int parse_number(const char *word, const char *kind, uint32_t *ret, struct error *err)
{
	size_t len = strlen(word);

	if (strspn(word, "0123456789") < len)
		return 0;
	if (number_parse_id(word, len, ret) == 0)
		return 1;
	return fail(err, ERROR_USAGE, EINVAL, "--as: '%s' is no %s", word, kind);
}

static int find_user(const char *name, struct login *login, struct error *err)
{
	auto_free char *text = NULL;
	struct passwd_row row;
	size_t len;
	int is_number = parse_number(name, "uid", &login->uid, err);
	if (is_number < 0)
		return is_number;

	int r = read_text(passwd_file, &text, &len);
	if (r < 0) {
		fail_read(passwd_file, -r, err);
		return error_hint(err, "-S and -G take numbers, and need no file");
	}
	r = is_number ? passwd_find_uid(text, len, login->uid, &row)
		      : passwd_find_name(text, len, name, &row);
	if (r == 0)
		return take_row(&row, login, err);
	return is_number
		       ? 0
		       : fail(err, ERROR_USAGE, ENOENT,
				 "there is no user `%s` in the container's %s", name, passwd_file);
}

static int find_group(const char *name, struct login *login, struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r = parse_number(name, "gid", &login->gid, err);

	if (r == 0) {
		if ((r = read_text(group_file, &text, &len)) < 0) {
			fail_read(group_file, -r, err);
			return error_hint(err, "a GROUP that is a number needs no file");
		}
		if (group_find_name(text, len, name, &login->gid) < 0)
			return fail(err, ERROR_USAGE, ENOENT,
				"there is no group `%s` in the container's %s", name, group_file);
	}
	login->has_gid = r >= 0;
	return r < 0 ? r : 0;
}

// The groups of LOGIN's name. Without the file there are none.
static int find_memberships(struct login *login, struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r = login->name ? read_text(group_file, &text, &len) : -ENOENT;

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0) {
		fail_read(group_file, -r, err);
		return error_hint(err, "NAME:GROUP, or --groups, names the groups without it");
	}
	r = group_add_memberships(text, len, login->name, &login->groups);
	return r < 0 ? fail(err, ERROR_SYSTEM, -r, "too many groups of `%s` in the container's %s",
			       login->name, group_file)
		     : 0;
}

int login_find(const char *as, bool with_groups, struct login *ret, struct error *err)
{
	auto_login struct login login = {0};
	const char *colon = strchr(as, ':');
	auto_free char *name = colon ? strndup(as, (size_t)(colon - as)) : strdup(as);
	int r;

	if (!name)
		return fail_sys(err, ENOMEM, "read", "the container's %s", passwd_file);
	if ((r = find_user(name, &login, err)) < 0)
		return r;
	if (colon)
		r = find_group(colon + 1, &login, err);
	else if (with_groups)
		r = find_memberships(&login, err);
	if (r < 0)
		return r;
	*ret = login;
	login = (struct login){0};
	return 0;
}

static int set(struct envblock *env, const char *name, const char *value)
{
	return envblock_set(env, name, value, strlen(value));
}

int login_set_env(const struct login *login, struct envblock *env)
{
	const char *home = login->home && login->home[0] == '/' ? login->home : "/";

	if (!login->name) {
		envblock_unset(env, "USER");
		envblock_unset(env, "LOGNAME");
	} else if (set(env, "USER", login->name) < 0 || set(env, "LOGNAME", login->name) < 0) {
		return -ENOMEM;
	}
	if (set(env, "HOME", home) < 0)
		return -ENOMEM;
	return set(env, "SHELL", login->shell ? login->shell : "/bin/sh");
}

void login_fini(struct login *login)
{
	free(login->name);
	free(login->home);
	free(login->shell);
	idlist_fini(&login->groups);
	*login = (struct login){0};
}
