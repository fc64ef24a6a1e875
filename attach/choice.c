// SPDX-License-Identifier: GPL-2.0-or-later
// Searching the container, then the host.
#include "choice.h"

#include "cleanup.h"
#include "exechead.h"
#include "fd.h"
#include "hosttools.h"
#include "login.h"
#include "pathlist.h"
#include "program.h"
#include "sys.h"
#include "targetfiles.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

// An interpreter can be a script itself, so often at most: BINPRM_MAX_RECURSION, and ours.
enum { INTERPRETER_DEPTH = 5, UID_MAP_MAX = 64 << 10 };

static bool is_missing(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ENAMETOOLONG;
}

// 0 when PATH in the container is a regular file that somebody may execute; -ENOEXEC for any other
// file, -EISDIR for a directory; else -errno of openat2(2).
static int look(const struct choice_request *request, const char *path)
{
	struct stat st;
	auto_fd int fd = sys_openat2(
		request->root_fd, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) && st.st_mode & 0111 ? 0 : -ENOEXEC;
}

// The interpreter that the program PATH of the container names, as far as that can be read.
static struct exechead read_head(const struct choice_request *request, const char *path)
{
	char bytes[EXECHEAD_READ];
	auto_fd int fd = targetfiles_open(request->root_fd, path, request->self_fd);
	ssize_t len = fd < 0 ? -1 : fd_read_exact(fd, bytes, sizeof(bytes));

	return len < 0 ? (struct exechead){0} : exechead_parse(bytes, (size_t)len);
}

// 0 when the program PATH, which is there, can be started as far as can be seen; -ENOENT, with *RET
// the interpreter that is missing.
static int check_start(const struct choice_request *request, const char *path, struct exechead *ret)
{
	struct exechead head = read_head(request, path);

	for (int depth = 0; depth < INTERPRETER_DEPTH && head.interpreter[0] == '/'; depth++) {
		if (is_missing(look(request, head.interpreter))) {
			*ret = head;
			return -ENOENT;
		}
		head = read_head(request, head.interpreter);
	}
	return 0;
}

// True when PATH, of which look() said R, is what the container runs, or fails to run for a reason
// of its own. Else *RET may say why it cannot be started.
static bool is_of_container(
	const struct choice_request *request, const char *path, int r, struct choice *ret)
{
	struct exechead head;

	if (is_missing(r))
		return false;
	if (r < 0 || check_start(request, path, &head) == 0)
		return true;
	snprintf(ret->missing, sizeof(ret->missing),
		"cannot be started in the container (there is no %s)", head.interpreter);
	return false;
}

static bool has_program(const struct choice_request *request, const char *path, struct choice *ret)
{
	return is_of_container(request, path, look(request, path), ret);
}

// As the search by PATH inside will be: the first that is executable counts, then one that is not;
// a directory never does. Places that we may not look at count only when there is no other (a
// file system of the container's user that keeps even root out): then only the container knows.
static bool has_in_path(const struct choice_request *request, const char *name, struct choice *ret)
{
	const char *variable = envblock_get(request->env, "PATH");
	const char *cursor = variable ? variable : PROGRAM_DEFAULT_PATH;
	char dir[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	bool has_other = false, is_blocked = false, has_seen = false;

	while (pathlist_next(&cursor, dir)) {
		int len = snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (len < 0 || (size_t)len >= sizeof(path))
			continue;
		int r = look(request, path);
		if (r == 0)
			return is_of_container(request, path, r, ret);
		bool is_seen = is_missing(r) || r == -EISDIR;
		has_seen |= is_seen;
		has_other |= r == -ENOEXEC;
		is_blocked |= !is_seen && r != -ENOEXEC;
	}
	return has_other || (is_blocked && !has_seen);
}

static bool has_command(const struct choice_request *request, const char *word, struct choice *ret)
{
	// Nothing; or a path from the working directory, which is the container's.
	if (word[0] == '\0' || (strchr(word, '/') && word[0] != '/'))
		return true;
	return word[0] == '/' ? has_program(request, word, ret) : has_in_path(request, word, ret);
}

// The user inside, as identity_take() will have it: root, or the target's user where 0 is not
// mapped.
static uid_t uid_inside(const struct choice_request *request)
{
	const struct target *target = request->target;
	auto_free char *text = NULL;
	struct proc_idmap map;
	size_t len;

	if (request->has_uid)
		return request->uid;
	if (!request->joins_user)
		return geteuid();
	if (!target || fd_read_file_at(target->task_fd, "uid_map", UID_MAP_MAX, &text, &len) < 0 ||
		proc_idmap_parse(text, len, &map) < 0 || proc_idmap_has_inside(&map, 0))
		return 0;
	for (size_t i = 0; i < map.count; i++) {
		const struct proc_idmap_row *row = &map.rows[i];
		uid_t uid = target->status.uid[1];
		if (uid >= row->outside && uid - row->outside < row->count)
			return row->inside + (uid - row->outside);
	}
	return 0;
}

// 1 when the container has the user's shell, or /bin/sh, or something in its place; 0 when not; or
// -ENOMEM.
static int has_shell(const struct choice_request *request, struct choice *ret, struct error *err)
{
	auto_login struct login login = {0};
	auto_fd int fd = targetfiles_open(request->root_fd, "etc/passwd", request->self_fd);
	int r = login_read_from(fd, uid_inside(request), &login, err);

	if (r < 0)
		return r;
	int seen = login.shell ? look(request, login.shell) : -ENOENT;
	return is_missing(seen) ? has_program(request, "/bin/sh", ret)
				: is_of_container(request, login.shell, seen, ret);
}

// Searches the host for what the tools view will show of it.
static int search_host(const struct choice_request *request, struct choice *ret, struct error *err)
{
	auto_program struct program program = {.where = " among the host's tools"};
	char **argv = request->argv;
	const char *shell = getenv("SHELL");
	int r = hosttools_env(environ, &program.env);

	if (r < 0)
		return fail_sys(err, -r, "building", "the command's environment");
	if (argv && argv[0][0] == '/' && !hosttools_has(argv[0]))
		r = fail(&ret->other, ERROR_NOT_FOUND, ENOENT,
			"there is no %s among the host's tools", argv[0]);
	else if (argv)
		r = program_find(argv, &program, &ret->other);
	else
		r = program_find_shell(
			shell && hosttools_has(shell) ? shell : NULL, &program, &ret->other);
	ret->host = r == 0;
	return r == -ENOMEM ? fail_sys(err, ENOMEM, "searching", "the host's tools") : 0;
}

int choice_make(const struct choice_request *request, struct choice *ret, struct error *err)
{
	struct choice choice = {.missing = "is not in the container"};
	const char *word = request->argv ? request->argv[0] : NULL;
	int r;

	snprintf(choice.subject, sizeof(choice.subject), "%s", word ? word : "a shell");
	r = word ? has_command(request, word, &choice) : has_shell(request, &choice, err);
	if (r == 0)
		r = search_host(request, &choice, err);
	if (r < 0)
		return r;
	*ret = choice;
	return 0;
}
