// SPDX-License-Identifier: GPL-2.0-or-later
// Finding the command.
#include "program.h"

#include "cleanup.h"
#include "exechead.h"
#include "fd.h"
#include "pathlist.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static char bourne_shell[] = "/bin/sh";

// 0 when PATH is a regular file that we may execute, else -errno (-EISDIR for a directory, -EACCES
// for any other that is not executable).
static int check_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static bool is_missing(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == ENAMETOOLONG;
}

static int refuse_program(const char *path, int errnum, const char *where, struct error *err)
{
	struct statvfs fs;

	if (is_missing(errnum))
		return fail(err, ERROR_NOT_FOUND, errnum, "there is no %s%s", path, where);
	fail(err, ERROR_NOT_EXECUTABLE, errnum, "%s%s cannot be executed: %s", path, where,
		strerror(errnum));
	if (errnum == EACCES && statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
		return error_hint(err, "it is on a file system that is mounted noexec");
	return -errnum;
}

static int set_path(struct program *program, const char *path, struct error *err)
{
	program->path = strdup(path);
	return program->path ? 0 : fail_sys(err, ENOMEM, "execve", "%s", path);
}

static int fail_not_found(
	const char *name, const char *search, const char *where, struct error *err)
{
	char places[2048];

	pathlist_describe(search, places, sizeof(places));
	return fail(err, ERROR_NOT_FOUND, ENOENT, "`%s` was not found%s: searched %s", name, where,
		places[0] ? places : "nothing, PATH holds no absolute directory");
}

// Searches PATH for NAME. A file that is not executable does not end the search, but is what is
// complained about when there is no other.
static int search_path(const char *name, struct program *program, struct error *err)
{
	const char *variable = envblock_get(&program->env, "PATH");
	const char *search = variable ? variable : PROGRAM_DEFAULT_PATH;
	const char *cursor = search;
	char dir[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	auto_free char *refused = NULL;
	int refusal = 0;

	while (*name && pathlist_next(&cursor, dir)) {
		int len = snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (len < 0 || (size_t)len >= sizeof(path))
			continue;
		int r = check_program(path);
		if (r == 0)
			return set_path(program, path, err);
		if (!is_missing(-r) && r != -EISDIR && !refused) {
			refused = strdup(path);
			refusal = -r;
		}
	}
	if (refused)
		return refuse_program(refused, refusal, program->where, err);
	return fail_not_found(name, search, program->where, err);
}

int program_find(char **argv, struct program *program, struct error *err)
{
	program->argv = argv;
	if (argv[0][0] == '\0')
		return fail(err, ERROR_NOT_FOUND, ENOENT, "COMMAND is an empty word");
	if (!strchr(argv[0], '/'))
		return search_path(argv[0], program, err);

	int r = check_program(argv[0]);
	return r < 0 ? refuse_program(argv[0], -r, program->where, err)
		     : set_path(program, argv[0], err);
}

int program_find_shell(const char *shell, struct program *program, struct error *err)
{
	bool has_other = shell && shell[0] == '/' && strcmp(shell, bourne_shell) != 0;
	int other = has_other ? check_program(shell) : -ENOENT;
	const char *found = other == 0 ? shell : bourne_shell;
	int r = other == 0 ? 0 : check_program(bourne_shell);

	if (r < 0 && !is_missing(-r))
		return refuse_program(bourne_shell, -r, program->where, err);
	if (r < 0 && !is_missing(-other))
		return refuse_program(shell, -other, program->where, err);
	if (r < 0) {
		fail(err, ERROR_NOT_FOUND, ENOENT, "no shell was found%s: searched %s%s%s",
			program->where, has_other ? shell : "", has_other ? ", " : "",
			bourne_shell);
		return error_hint(err, "a COMMAND can be named");
	}
	program->argv = NULL;
	return set_path(program, found, err);
}

// True when BYTES are the beginning of no text: an ELF file, or a byte 0 in the first line. Then it
// is a program, but none for this machine, and to a shell it would be words at random.
static bool is_binary(const char *bytes, size_t len)
{
	if (len >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0)
		return true;
	const char *end = memchr(bytes, '\n', len);
	return memchr(bytes, '\0', end ? (size_t)(end - bytes) : len) != NULL;
}

int program_check(struct program *program, struct error *err)
{
	char bytes[EXECHEAD_READ];
	auto_fd int fd = open(program->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t len = fd < 0 ? -1 : fd_read_exact(fd, bytes, sizeof(bytes));
	if (len < 0)
		return 0; // what may be executed need not be readable

	program->is_binary = is_binary(bytes, (size_t)len);
	struct exechead head = exechead_parse(bytes, (size_t)len);
	int r = head.interpreter[0] ? check_program(head.interpreter) : 0;
	// The container's procfs does not know us yet: /proc/self is nothing.
	if (r == 0 || strncmp(head.interpreter, "/proc/", 6) == 0)
		return 0;
	return fail(err, ERROR_NOT_EXECUTABLE, -r, "%s cannot be executed: its interpreter %s %s%s",
		program->path, head.interpreter,
		is_missing(-r) ? "is missing" : "cannot be executed", program->where);
}

void program_fini(struct program *program)
{
	free(program->path);
	envblock_fini(&program->env);
	*program = (struct program){0};
}
