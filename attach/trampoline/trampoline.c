// SPDX-License-Identifier: GPL-2.0-or-later
// What stands for each tool of the host in inject mode: finds the tool of the name that it was
// started by in the host's tree, and starts it through the host's loader with the host's libraries.
//
// Theory of operation. The container's root stays "/", so a program of the host cannot be executed
// as it is: the kernel would take the loader that its file names from the container, and that the
// container's libraries. So the host's loader is executed, and told the rest. Links in the host's
// tree can be absolute ("/etc/alternatives/vi"): they are resolved here, against the host's tree.
// It runs with the power of a program of the container, and no more.
#include "exechead.h"
#include "layout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NOT_EXECUTABLE = 126,
	NOT_FOUND = 127,
	LINKS_MAX = 40,
	SCRIPT_DEPTH = 4,
	LOADER_WORDS = 8,
};

// Variables by which a tool finds what is not where it was built for. TOOL "" is every tool; a
// variable that is set stays, and so does the default where the container has UNLESS.
static const struct {
	const char *tool, *variable, *value, *unless;
} fixes[] = {
	{"", "TERMINFO_DIRS",
		":" INJECT_HOST "/etc/terminfo:" INJECT_HOST "/lib/terminfo:" INJECT_HOST
		"/usr/share/terminfo",
		NULL},
	{"curl", "CURL_CA_BUNDLE", INJECT_HOST "/etc/ssl/certs/ca-certificates.crt",
		"/etc/ssl/certs"},
	{"wget", "SSL_CERT_FILE", INJECT_HOST "/etc/ssl/certs/ca-certificates.crt",
		"/etc/ssl/certs"},
	{"python3", "SSL_CERT_FILE", INJECT_HOST "/etc/ssl/certs/ca-certificates.crt",
		"/etc/ssl/certs"},
	{"gdb", "PYTHONHOME", INJECT_DIR, NULL},
	{"file", "MAGIC", INJECT_HOST "/usr/share/misc/magic.mgc", NULL},
	{"vi", "VIM", INJECT_HOST "/usr/share/vim", NULL},
	{"vim", "VIM", INJECT_HOST "/usr/share/vim", NULL},
	{"view", "VIM", INJECT_HOST "/usr/share/vim", NULL},
	{"ex", "VIM", INJECT_HOST "/usr/share/vim", NULL},
	{"vimdiff", "VIM", INJECT_HOST "/usr/share/vim", NULL},
};

// Words that a tool gets before its own. gdb looks for a program's files in the mount namespace of
// that program, which it may not enter; they are at "/" here too.
static const struct {
	const char *tool;
	char words[2][16];
} additions[] = {
	{"gdb", {"-iex", "set sysroot /"}},
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int complain(const char *what, const char *why, int status)
{
	dprintf(STDERR_FILENO, "nspeek: %s: %s\n", what, why);
	return status;
}

static void fix_environment(const char *tool)
{
	for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
		if ((!*fixes[i].tool || strcmp(fixes[i].tool, tool) == 0) &&
			!(fixes[i].unless && access(fixes[i].unless, F_OK) == 0))
			setenv(fixes[i].variable, fixes[i].value, 0);
}

// ARGV with the words that TOOL gets before its own, or NULL.
static char **add_words(const char *tool, char **argv)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++) {
		if (strcmp(additions[i].tool, tool) != 0)
			continue;
		while (argv[count])
			count++;
		char **longer = calloc(count + 3, sizeof(*longer));
		if (!longer)
			return NULL;
		longer[0] = argv[0];
		longer[1] = strdup(additions[i].words[0]);
		longer[2] = strdup(additions[i].words[1]);
		memcpy(longer + 3, argv + 1, (count - 1) * sizeof(*longer));
		return longer;
	}
	return argv;
}

// Removes the last part of the LEN bytes of PATH, and returns what is left.
static size_t parent_len(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len > 0 ? len - 1 : 0;
}

// Appends PART of LEN bytes, with a slash before it. Returns the new length, or 0 when there is no
// room.
static size_t append(char path[static PATH_MAX], size_t path_len, const char *part, size_t len)
{
	if (path_len + len + 2 > PATH_MAX)
		return 0;
	path[path_len] = '/';
	memcpy(path + path_len + 1, part, len);
	path[path_len + 1 + len] = '\0';
	return path_len + 1 + len;
}

// Puts the target LINK of a link before what is left to go, REST, in TODO.
static int prepend(char todo[static PATH_MAX], const char *link, const char *rest)
{
	char joined[PATH_MAX];
	int len = snprintf(joined, sizeof(joined), "%s/%s", link, rest);

	if (len < 0 || (size_t)len >= sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(todo, joined, (size_t)len + 1);
	return 0;
}

// Resolves PATH with all its links in the host's tree into *RET, as a path of the container.
// Returns 0 or -errno.
static int resolve(const char *path, char ret[static PATH_MAX])
{
	size_t top = strlen(INJECT_HOST), len = top;
	char todo[PATH_MAX], link[PATH_MAX];
	const char *at = todo;
	int links = 0;

	strcpy(ret, INJECT_HOST);
	if (prepend(todo, "", path) < 0)
		return -ENAMETOOLONG;
	while (*(at += strspn(at, "/"))) {
		size_t part = strcspn(at, "/"), before = len;
		if (part == 2 && memcmp(at, "..", 2) == 0) {
			len = len > top ? parent_len(ret, len) : top;
			ret[len] = '\0';
		} else if (part != 1 || at[0] != '.') {
			if ((len = append(ret, len, at, part)) == 0)
				return -ENAMETOOLONG;
		}
		at += part;
		if (len <= before)
			continue;
		ssize_t n = readlink(ret, link, sizeof(link) - 1);
		if (n < 0 && errno != EINVAL)
			return -errno;
		if (n < 0)
			continue;
		link[n] = '\0';
		if (++links > LINKS_MAX)
			return -ELOOP;
		len = link[0] == '/' ? top : before;
		ret[len] = '\0';
		if (prepend(todo, link, at) < 0)
			return -ENAMETOOLONG;
		at = todo;
	}
	return 0;
}

static int find_tool(const char *name, char ret[static PATH_MAX])
{
	static const char *const dirs[] = {INJECT_TOOL_DIRS};
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		int len = snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (len > 0 && (size_t)len < sizeof(path) && resolve(path, ret) == 0 &&
			stat(ret, &st) == 0 && S_ISREG(st.st_mode))
			return 0;
	}
	return -ENOENT;
}

// The first bytes of the file PATH, NUL-terminated. Returns their number, or -errno.
static ssize_t read_head(const char *path, char bytes[static EXECHEAD_READ + 1])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t len = read(fd, bytes, EXECHEAD_READ);
	if (len < 0)
		len = -errno;
	close(fd);
	bytes[len < 0 ? 0 : len] = '\0';
	return len;
}

// The words for a script PATH whose head is HEAD: its interpreter, what stands after that on the
// line, if anything, the script, and its own words.
static char **script_words(const char *path, char *head, const char *interpreter, char **argv)
{
	static char tool[sizeof(INJECT_BIN) + NAME_MAX + 2];
	size_t count = 0, at = 0;

	while (argv[count])
		count++;
	char **words = calloc(count + 4, sizeof(*words));
	if (!words)
		return NULL;
	head[strcspn(head, "\n")] = '\0';
	char *argument = strstr(head, interpreter) + strlen(interpreter);
	argument += strspn(argument, " \t");
	for (size_t len = strlen(argument); len > 0 && strchr(" \t\r", argument[len - 1]); len--)
		argument[len - 1] = '\0';
	// By that name it finds its own files.
	snprintf(tool, sizeof(tool), "%s/%s", INJECT_BIN, base_name(interpreter));
	words[at++] = tool;
	if (*argument)
		words[at++] = strdup(argument);
	words[at++] = strdup(path);
	for (size_t i = 1; i < count; i++)
		words[at++] = argv[i];
	return words;
}

static char *read_library_path(void)
{
	static char text[INJECT_LIBRARY_PATH_MAX];
	int fd = open(INJECT_LIBRARY_PATH, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[len < 0 ? 0 : len] = '\0';
	return text;
}

// Executes the program PATH through LOADER, with ARGV. Returns only on failure.
static int exec_by_loader(char *loader, char *path, char **argv)
{
	static char no_cache[] = "--inhibit-cache", library_path[] = "--library-path",
		    argv0[] = "--argv0";
	size_t count = 0, at = 0;

	while (argv[count])
		count++;
	char **words = calloc(count + LOADER_WORDS, sizeof(*words));
	if (!words)
		return -ENOMEM;
	words[at++] = loader;
	// musl's loader has no cache.
	if (!strstr(base_name(loader), "ld-musl"))
		words[at++] = no_cache;
	words[at++] = library_path;
	words[at++] = read_library_path();
	words[at++] = argv0;
	words[at++] = argv[0];
	words[at++] = path;
	for (size_t i = 1; i < count; i++)
		words[at++] = argv[i];
	execv(loader, words);
	return -errno;
}

// Starts the file PATH, a path of the container, with ARGV. Returns only on failure.
static int start(char path[static PATH_MAX], char **argv)
{
	static char head[EXECHEAD_READ + 1];
	char loader[PATH_MAX];

	for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
		ssize_t len = read_head(path, head);
		if (len < 0)
			return (int)len;
		struct exechead parsed = exechead_parse(head, (size_t)len);
		if (!parsed.interpreter[0]) {
			execv(path, argv);
			return -errno;
		}
		if (head[0] != '#') {
			int r = resolve(parsed.interpreter, loader);
			return r < 0 ? r : exec_by_loader(loader, path, argv);
		}
		argv = script_words(path, head, parsed.interpreter, argv);
		if (!argv)
			return -ENOMEM;
		fix_environment(base_name(parsed.interpreter));
		int r = resolve(parsed.interpreter, path);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

int main(int argc, char **argv)
{
	// The name that was executed: argv[0] is the caller's choice.
	const char *executed = (const char *)getauxval(AT_EXECFN); // NOLINT
	const char *name = base_name(executed ? executed : "");
	char path[PATH_MAX];

	if (argc < 1 || find_tool(name, path) < 0)
		return complain(name, "there is no such tool on the host", NOT_FOUND);
	fix_environment(name);
	argv = add_words(name, argv);
	int r = argv ? start(path, argv) : -ENOMEM;
	return complain(path, strerror(-r), r == -ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}
