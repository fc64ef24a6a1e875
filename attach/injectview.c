// SPDX-License-Identifier: GPL-2.0-or-later
// Building the root of inject mode.
#include "injectview.h"

#include "cleanup.h"
#include "fd.h"
#include "hosttools.h"
#include "ldconf.h"
#include "mounttree.h"
#include "procmount.h"
#include "sys.h"
#include "trampoline/layout.h"

#include <fcntl.h>
#include <glob.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum {
	ENTRIES_MAX = 1024, // of the container's root
	CONF_MAX = 64 << 10,
	CONF_DEPTH = 4,
};

// The trampoline's bytes.
extern const char nspeek_trampoline_start[], nspeek_trampoline_end[];

#define TRAMPOLINE INJECT_DIR "/trampoline"

// Paths in the new root, which is not ours yet.
#define BELOW(path) (&(path)[1])

static const struct {
	const char *path, *to;
} links[] = {
	{INJECT_DIR "/lib", "host/usr/lib"},
	{INJECT_DIR "/lib64", "host/usr/lib64"},
	{INJECT_DIR "/libexec", "host/usr/libexec"},
	{INJECT_DIR "/share", "host/usr/share"},
	{INJECT_DIR "/etc", "host/etc"},
};

// Where a loader looks last, if the host has it.
static const char *const default_library_dirs[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};

static int copy_link(const struct privroot *root, int dir, const char *name)
{
	char link[PATH_MAX];
	ssize_t len = readlinkat(dir, name, link, sizeof(link) - 1);

	if (len < 0)
		return -errno;
	link[len] = '\0';
	return symlinkat(link, root->tree, name) < 0 ? -errno : 0;
}

// Shows entry NAME of the container's root, which DIR is, at the same name of the new one.
static int copy_entry(const struct privroot *root, int dir, const char *name)
{
	struct stat st;
	auto_fd int entry = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (entry < 0 || fstat(entry, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return copy_link(root, dir, name);
	auto_fd int copy = mounttree_clone(entry, "", 0);
	int r = copy < 0 ? copy : privroot_make_place(root->tree, name, S_ISDIR(st.st_mode));
	return r < 0 ? r : mounttree_attach(copy, root->tree, name);
}

static bool is_to_copy(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       strcmp(name, BELOW(INJECT_DIR)) != 0;
}

// An entry that cannot be copied (an unbindable mount; or it has gone) is missed and said.
static int copy_entries(const struct privroot *root, struct error *err)
{
	int fd = openat(root->target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int count = 0;

	if (!dir)
		return fail_sys(err, errno, "open", "the container's root");
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!is_to_copy(entry->d_name))
			continue;
		if (++count > ENTRIES_MAX)
			return fail(err, ERROR_SYSTEM, E2BIG,
				"the container's root has more than %d entries", ENTRIES_MAX);
		int r = copy_entry(root, fd, entry->d_name);
		if (r < 0)
			notice_warning(root->request->notice,
				"/%s of the container cannot be shown: %s", entry->d_name,
				strerror(-r));
	}
	return 0;
}

// Shows the container. Its tree is attached for as long as its entries are copied, since before
// Linux 6.15 nothing can be copied from a tree that is not.
static int show_container(const struct privroot *root, struct error *err)
{
	static const char place[] = "nspeek-container";

	if (root->target < 0)
		return fail(err, ERROR_SYSTEM, EINVAL, "the container's files cannot be shown");
	int r = privroot_make_place(root->tree, place, true);
	if (r == 0)
		r = mounttree_attach(root->target, root->tree, place);
	if (r < 0)
		return mounttree_fail(err, -r, "mounting", "the container's files");
	struct stat st;
	if ((r = copy_entries(root, err)) < 0)
		return r;
	// The same "/" to those who look at it.
	if (fstat(root->target, &st) < 0 ||
		fchownat(root->tree, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0 ||
		fchmodat(root->tree, ".", st.st_mode & 07777, 0) < 0)
		notice_step(root->request->notice, "inject: / has another owner or mode: %s",
			strerror(errno));
	if (fchdir(root->tree) < 0 || umount2(place, MNT_DETACH) < 0 ||
		unlinkat(root->tree, place, AT_REMOVEDIR) < 0)
		return mounttree_fail(err, errno, "umount", "the container's root");
	return 0;
}

static int write_file(
	const struct privroot *root, const char *path, const char *bytes, size_t len, mode_t mode)
{
	auto_fd int fd = openat(root->tree, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd_write_all(fd, bytes, len);
}

// Makes a link to the trampoline for each name in DIR of the host's root. Of a name that is in
// several directories there is one. Not symbolic: some programs (gdb) resolve their own name.
static int link_tools(const struct privroot *root, const char *dir_name)
{
	char path[sizeof(INJECT_BIN) + NAME_MAX + 1];
	// Where /bin is a link into /usr, its names have been seen.
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(root->host, dir_name, flags);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", BELOW(INJECT_BIN), entry->d_name);
		if (linkat(root->tree, BELOW(TRAMPOLINE), root->tree, path, 0) < 0 &&
			errno != EEXIST)
			return -errno;
	}
	return 0;
}

// The text of LEN bytes that is being put together: directories of the host's tree.
struct library_path {
	char text[INJECT_LIBRARY_PATH_MAX];
	size_t len;
};

static void add_library_dir(struct library_path *path, const char *dir)
{
	struct stat st;
	size_t room = sizeof(path->text) - path->len;

	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || !hosttools_has(dir))
		return;
	int n = snprintf(
		path->text + path->len, room, "%s%s%s", path->len ? ":" : "", INJECT_HOST, dir);
	if (n > 0 && (size_t)n < room)
		path->len += (size_t)n;
	path->text[path->len] = '\0';
}

// Adds what the host's configuration FILE names, as far as it can be read.
static void add_configured(struct library_path *path, const char *file, int depth)
{
	auto_free char *text = NULL;
	char word[PATH_MAX];
	enum ldconf_kind kind;
	size_t len;

	if (depth >= CONF_DEPTH || fd_read_file_at(AT_FDCWD, file, CONF_MAX, &text, &len) < 0)
		return;
	for (const char *cursor = text; (kind = ldconf_next(&cursor, word)) != LDCONF_END;) {
		glob_t found;
		if (kind == LDCONF_DIR)
			add_library_dir(path, word);
		if (kind == LDCONF_DIR || glob(word, 0, NULL, &found) != 0)
			continue;
		for (size_t i = 0; i < found.gl_pathc; i++)
			add_configured(path, found.gl_pathv[i], depth + 1);
		globfree(&found);
	}
}

static int write_library_path(const struct privroot *root)
{
	size_t count = sizeof(default_library_dirs) / sizeof(default_library_dirs[0]);
	struct library_path path = {.len = 0};

	add_configured(&path, "/etc/ld.so.conf", 0);
	for (size_t i = 0; i < count; i++)
		add_library_dir(&path, default_library_dirs[i]);
	return write_file(root, BELOW(INJECT_LIBRARY_PATH), path.text, path.len, 0444);
}

static int add_trampolines(const struct privroot *root)
{
	static const char *const dirs[] = {INJECT_TOOL_DIRS};
	size_t len = (size_t)(nspeek_trampoline_end - nspeek_trampoline_start);
	int r = privroot_make_place(root->tree, BELOW(INJECT_BIN), true);

	if (r == 0)
		r = write_file(
			root, BELOW(INJECT_DIR "/trampoline"), nspeek_trampoline_start, len, 0555);
	for (size_t i = 0; r == 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		r = link_tools(root, dirs[i]);
	return r;
}

// Shows the host. We stand in its root.
static int add_tools(const struct privroot *root, struct error *err)
{
	int r = privroot_make_place(root->tree, BELOW(INJECT_HOST), true);

	if (r == 0)
		r = add_trampolines(root);
	if (r == 0)
		r = write_library_path(root);
	for (size_t i = 0; r == 0 && i < sizeof(links) / sizeof(links[0]); i++)
		if (symlinkat(links[i].to, root->tree, BELOW(links[i].path)) < 0)
			r = -errno;
	if (r < 0)
		return fail_sys(err, -r, "making", "%s", INJECT_DIR);
	return privroot_show_host(root, BELOW(INJECT_HOST "/"), err);
}

// Covers the container's ld.so.preload, wherever its name leads.
static int mask_preload(const struct privroot *root, struct error *err)
{
	static const char empty[] = INJECT_DIR "/empty";
	struct stat st;
	int r = write_file(root, BELOW(empty), "", 0, 0444);
	auto_fd int preload = sys_openat2(
		root->tree, "etc/ld.so.preload", O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (r == 0 && (preload < 0 || fstat(preload, &st) < 0 || S_ISDIR(st.st_mode)))
		return 0;
	auto_fd int copy = r < 0 ? r : mounttree_clone(root->tree, BELOW(empty), MOUNT_ATTR_RDONLY);
	r = copy < 0 ? copy : mounttree_attach(copy, preload, "");
	return r < 0 ? mounttree_fail(err, -r, "mounting", "an empty ld.so.preload") : 0;
}

// Tools must not take one process for another: where /proc is missing, or shows another PID
// namespace than the command will be in, the right one is mounted over it.
static void complete_proc(const struct privroot *root)
{
	const struct notice *notice = root->request->notice;
	auto_fd int proc =
		openat(root->tree, "proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (proc >= 0 && root->request->target && procmount_is_right(root, proc))
		return;
	if (privroot_make_place(root->tree, "proc", true) == 0 && procmount_from_outside(root))
		notice_step(notice, "inject: /proc is new: the container's is missing, or shows "
				    "other processes");
	else
		notice_warning(notice, "/proc does not show the container's processes: tools that "
				       "need it may fail, or take one process for another");
}

static int enter_cwd(const struct privroot *root, struct error *err)
{
	bool is_known = root->request->rootdir->root >= 0;

	if (root->cwd[0] && chdir(root->cwd) == 0)
		return 0;
	if (is_known)
		notice_warning(root->request->notice,
			"the target's working directory cannot be entered: / is used");
	return chdir("/") < 0 ? fail_sys(err, errno, "chdir", "/") : 0;
}

static int enter(const struct privroot_request *request, struct privroot *root, struct error *err)
{
	int r;

	if ((r = privroot_open(request, root, err)) < 0 || (r = show_container(root, err)) < 0 ||
		(r = add_tools(root, err)) < 0 || (r = mask_preload(root, err)) < 0)
		return r;
	complete_proc(root);
	if ((r = privroot_pivot(root, err)) < 0 || (r = privroot_join_others(root, err)) < 0 ||
		(r = privroot_detach_old(root, err)) < 0 || (r = privroot_join_user(root, err)) < 0)
		return r;
	return enter_cwd(root, err);
}

int injectview_enter(const struct privroot_request *request, struct error *err)
{
	auto_privroot struct privroot root = PRIVROOT_EMPTY;
	mode_t mask = umask(0022);
	int r = enter(request, &root, err);

	umask(mask);
	return r;
}

int injectview_set_env(struct envblock *env)
{
	auto_free char *path = NULL;
	int r = hosttools_clean_env(env);

	if (r < 0)
		return r;
	const char *theirs = envblock_get(env, "PATH");
	if (asprintf(&path, "%s%s%s", theirs ? theirs : "", theirs && *theirs ? ":" : "",
		    INJECT_BIN) < 0)
		return -ENOMEM;
	return envblock_set(env, "PATH", path, strlen(path));
}

const char *injectview_shell(const char *ours, char path[static PATH_MAX])
{
	const char *slash = ours ? strrchr(ours, '/') : NULL;

	if (slash && slash[1]) {
		int len = snprintf(path, PATH_MAX, "%s%s", INJECT_BIN, slash);
		if (len > 0 && len < PATH_MAX && access(path, X_OK) == 0)
			return path;
	}
	snprintf(path, PATH_MAX, "%s/sh", INJECT_BIN);
	return path;
}
