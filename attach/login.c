// SPDX-License-Identifier: GPL-2.0-or-later
// The user's name, home and shell.
#include "login.h"

#include "cleanup.h"
#include "fd.h"
#include "passwd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { PASSWD_MAX = 1 << 20 };

// Opens the passwd file, looking at what stands there before: a FIFO would block, and opening a
// device can have effects.
static int open_passwd(void)
{
	struct stat st;

	if (stat("/etc/passwd", &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	auto_fd int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	return take_fd(&fd);
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

int login_read(uid_t uid, struct login *ret, struct error *err)
{
	auto_login struct login login = {0};
	auto_free char *text = NULL;
	struct passwd_row row;
	size_t len;
	auto_fd int fd = open_passwd();

	if (fd >= 0 && fd_read_all(fd, PASSWD_MAX, &text, &len) == 0 &&
		passwd_find_uid(text, len, uid, &row) == 0) {
		bool has_shell = is_usable_shell(row.shell, row.shell_len);
		login.name = strndup(row.name, row.name_len);
		login.home = strndup(row.home, row.home_len);
		login.shell = has_shell ? strndup(row.shell, row.shell_len) : NULL;
		if (!login.name || !login.home || (has_shell && !login.shell))
			return fail_sys(err, ENOMEM, "reading", "/etc/passwd");
	}
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
	*login = (struct login){0};
}
