// SPDX-License-Identifier: GPL-2.0-or-later
// Finding, checking and joining cgroups.
#include "cgroup.h"

#include "cgroup_text.h"
#include "cleanup.h"
#include "fd.h"
#include "number.h"
#include "sys.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum {
	CGROUP_TEXT_MAX = 1 << 20,
	MOUNTINFO_MAX = 16 << 20,
	HIERARCHIES_MAX = 128, // of v1, whose controllers and names are the administrator's
	NAME_SIZE = 64,        // of a hierarchy, for messages
	// How many processes are in the cgroups at once: the joiner, the stub, the command.
	PROCESSES_NEEDED = 3,
};

struct cgroup {
	bool is_v2;
	char name[NAME_SIZE]; // its controllers, or "v2"
	char path[PATH_MAX];  // below the mount, without a slash at its beginning
	int mount_fd;         // the directory where the hierarchy is mounted
	int procs_fd;         // cgroup.procs, for writing
};

#define CGROUP_EMPTY ((struct cgroup){.mount_fd = -EBADF, .procs_fd = -EBADF})

static void close_cgroup(struct cgroup *cgroup)
{
	close_fd(&cgroup->mount_fd);
	close_fd(&cgroup->procs_fd);
}

#define auto_cgroup __attribute__((cleanup(close_cgroup)))

// Opens the mount point of MOUNT, if it is what is to be seen there: another mount can hide it.
static int open_mount(const struct mount_row *mount)
{
	char point[PATH_MAX];
	struct sys_file_id id;
	int r = mount_unescape(mount->point, mount->point_len, point, sizeof(point));
	if (r < 0)
		return r;

	auto_fd int fd = open(point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (sys_file_id(fd, "", &id) < 0)
		return -errno;
	bool same = id.has_mount_id
			    ? id.mount_id == mount->id
			    : id.dev_major == mount->dev_major && id.dev_minor == mount->dev_minor;
	return same ? take_fd(&fd) : -ENOENT;
}

// The mount that shows ROW's cgroup: fills RET's mount_fd and path. Fails with -EXDEV when only
// other parts of the hierarchy are mounted, -ENOENT when it is not mounted at all.
static int find_mount(
	const struct cgroup_row *row, const char *mounts, size_t mounts_len, struct cgroup *ret)
{
	const char *cursor = mounts;
	struct mount_row mount;
	int r, result = -ENOENT;

	while ((r = mount_row_next(&cursor, mounts + mounts_len, &mount)) > 0) {
		if (!cgroup_is_shown_by(row, &mount))
			continue;
		r = cgroup_path_below(row, &mount, ret->path, sizeof(ret->path));
		int fd = r < 0 ? r : open_mount(&mount);
		if (fd >= 0) {
			ret->mount_fd = fd;
			return 0;
		}
		result = fd;
	}
	return r < 0 ? r : result;
}

static void name_cgroup(const struct cgroup_row *row, struct cgroup *cgroup)
{
	int len = row->name_len < NAME_SIZE ? (int)row->name_len : NAME_SIZE - 1;

	cgroup->is_v2 = len == 0;
	snprintf(cgroup->name, sizeof(cgroup->name), "%.*s", cgroup->is_v2 ? 2 : len,
		cgroup->is_v2 ? "v2" : row->name);
}

static int fail_mount(
	const struct cgroup_row *row, const struct cgroup *cgroup, int errnum, struct error *err)
{
	int len = (int)row->path_len;

	if (cgroup_is_outside(row)) {
		fail(err, ERROR_SYSTEM, EXDEV,
			"the target's cgroup %.*s (%s) is outside of our cgroup namespace", len,
			row->path, cgroup->name);
		return error_hint(err, "the host's own nspeek can join it");
	}
	if (errnum == ENOENT)
		return fail(err, ERROR_SYSTEM, ENOENT,
			"the target is in the cgroup %.*s, and its hierarchy (%s) is not mounted "
			"here",
			len, row->path, cgroup->name);
	if (errnum == EXDEV)
		return fail(err, ERROR_SYSTEM, EXDEV,
			"the target's cgroup %.*s is not below where its hierarchy (%s) is mounted "
			"here",
			len, row->path, cgroup->name);
	return fail_sys(err, errnum, "open", "the cgroup %.*s (%s)", len, row->path, cgroup->name);
}

// What is done with DIR_FD, the directory of CGROUP or of an ancestor: the first LEN bytes of its
// path.
typedef int visit_fn(const struct cgroup *cgroup, int dir_fd, int len, struct error *err);

// Calls VISIT for every directory from the mount point down to CGROUP, until it fails.
// *RET_LEAF is CGROUP's own.
static int walk(const struct cgroup *cgroup, visit_fn *visit, int *ret_leaf, struct error *err)
{
	char path[PATH_MAX];
	char *rest = path, *name = path;
	auto_fd int fd = openat(cgroup->mount_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : 0;
	int len = 0;

	memcpy(path, cgroup->path, sizeof(path));
	while (r == 0) {
		if (visit && (r = visit(cgroup, fd, len, err)) < 0)
			return r;
		while ((name = strsep(&rest, "/")) && name[0] == '\0')
			;
		if (!name)
			break;
		len = (int)(name - path) + (int)strlen(name);
		int next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = next < 0 ? -errno : 0;
		close_fd(&fd);
		fd = next;
	}
	if (r < 0)
		return fail_sys(
			err, -r, "open", "the cgroup /%.*s (%s)", len, cgroup->path, cgroup->name);
	*ret_leaf = take_fd(&fd);
	return 0;
}

static int open_procs(struct cgroup *cgroup, struct error *err)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW;
	auto_fd int leaf = -EBADF;
	int r = walk(cgroup, NULL, &leaf, err);
	if (r < 0)
		return r;

	cgroup->procs_fd = openat(leaf, "cgroup.procs", flags);
	if (cgroup->procs_fd < 0 && errno == ENOENT)
		cgroup->procs_fd = openat(leaf, "tasks", flags); // v1 before Linux 3.0
	if (cgroup->procs_fd >= 0)
		return 0;
	int errnum = errno;
	fail_sys(err, errnum, "open", "cgroup.procs of the cgroup /%s (%s)", cgroup->path,
		cgroup->name);
	return errnum == EACCES ? error_hint(err, "only root, or whom it is delegated to, may move "
						  "processes into a cgroup")
				: -errnum;
}

static int open_one(const struct cgroup_row *row, const char *mounts, size_t mounts_len,
	struct cgroup *ret, struct error *err)
{
	auto_cgroup struct cgroup cgroup = CGROUP_EMPTY;

	name_cgroup(row, &cgroup);
	int r = find_mount(row, mounts, mounts_len, &cgroup);
	if (r < 0)
		return fail_mount(row, &cgroup, -r, err);
	if ((r = open_procs(&cgroup, err)) < 0)
		return r;
	*ret = cgroup;
	cgroup = CGROUP_EMPTY;
	return 0;
}

// True when OURS, our own cgroup text, has us in ROW's cgroup.
static bool is_ours(const struct cgroup_row *row, const char *ours, size_t ours_len)
{
	struct cgroup_row own;

	return cgroup_find(ours, ours_len, row->name, row->name_len, &own) == 0 &&
	       own.path_len == row->path_len && memcmp(own.path, row->path, row->path_len) == 0;
}

// The texts that say where everything is.
struct texts {
	char *theirs, *ours, *mounts;
	size_t theirs_len, ours_len, mounts_len;
};

static void texts_fini(struct texts *texts)
{
	free(texts->theirs);
	free(texts->ours);
	free(texts->mounts);
}

static int read_texts(const struct target *target, struct texts *ret, struct error *err)
{
	int r = fd_read_file_at(
		target->task_fd, "cgroup", CGROUP_TEXT_MAX, &ret->theirs, &ret->theirs_len);
	if (r < 0)
		return fail_sys(err, -r, "read", "the cgroups of process %d", target->pid);
	r = fd_read_file_at(
		AT_FDCWD, "/proc/self/cgroup", CGROUP_TEXT_MAX, &ret->ours, &ret->ours_len);
	if (r < 0)
		return fail_sys(err, -r, "read", "/proc/self/cgroup");
	r = fd_read_file_at(
		AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &ret->mounts, &ret->mounts_len);
	return r < 0 ? fail_sys(err, -r, "read", "/proc/self/mountinfo") : 0;
}

// Treats the failure WHY of one cgroup as SET wants it. Returns 0 when that one is left out.
static int settle(const struct cgroup_set *set, const struct error *why, struct error *err)
{
	if (set->all) {
		*err = *why;
		return -why->errnum;
	}
	notice_warning(set->notice, "not copied: a cgroup: %s", why->message);
	return 0;
}

static int open_rows(const struct texts *texts, struct cgroup_set *set, struct error *err)
{
	const char *cursor = texts->theirs;
	struct cgroup_row row;
	int r;

	while ((r = cgroup_row_next(&cursor, texts->theirs + texts->theirs_len, &row)) > 0) {
		struct error why = {0};
		if (is_ours(&row, texts->ours, texts->ours_len)) {
			notice_step(set->notice, "cgroup (%.*s): skipped, it is ours already",
				row.name_len ? (int)row.name_len : 2,
				row.name_len ? row.name : "v2");
			continue;
		}
		if (set->count == HIERARCHIES_MAX)
			return fail(err, ERROR_SYSTEM, E2BIG, "more than %d cgroup hierarchies",
				HIERARCHIES_MAX);
		if (open_one(&row, texts->mounts, texts->mounts_len, &set->items[set->count],
			    &why) == 0)
			set->count++;
		else if ((r = settle(set, &why, err)) < 0)
			return r;
	}
	return r < 0 ? fail_sys(err, -r, "reading", "the cgroups of process %d", set->pid) : 0;
}

// Fails when TARGET has been moved since TEXT was read.
static int check_unmoved(
	const struct target *target, const char *text, size_t len, struct error *err)
{
	auto_free char *now = NULL;
	size_t now_len;
	int r = fd_read_file_at(target->task_fd, "cgroup", CGROUP_TEXT_MAX, &now, &now_len);

	if (r < 0)
		return fail_sys(err, -r, "read", "the cgroups of process %d", target->pid);
	if (now_len == len && memcmp(now, text, len) == 0)
		return 0;
	return fail(err, ERROR_SYSTEM, EAGAIN, "process %d is being moved to other cgroups",
		target->pid);
}

int cgroup_open(const struct target *target, bool all, const struct notice *notice,
	struct cgroup_set *ret, struct error *err)
{
	__attribute__((cleanup(texts_fini))) struct texts texts = {0};
	auto_cgroup_set struct cgroup_set set = {.all = all, .pid = target->pid, .notice = notice};
	int r = read_texts(target, &texts, err);
	if (r < 0)
		return r;

	set.items = calloc(HIERARCHIES_MAX, sizeof(*set.items));
	if (!set.items)
		return fail_sys(err, ENOMEM, "opening", "the cgroups of process %d", target->pid);
	if ((r = open_rows(&texts, &set, err)) < 0 ||
		(r = check_unmoved(target, texts.theirs, texts.theirs_len, err)) < 0)
		return r;
	*ret = set;
	set = (struct cgroup_set){0};
	return 0;
}

// True when file NAME of DIR_FD begins with WORD. A file that is not there begins with nothing.
static bool begins_with(int dir_fd, const char *name, const char *word)
{
	char text[64];
	ssize_t len = fd_read_small_at(dir_fd, name, text, sizeof(text));

	return len >= 0 && strncmp(text, word, strlen(word)) == 0;
}

// True when the cgroup's events say that all of it is frozen, by whichever ancestor.
static bool has_frozen_event(int dir_fd)
{
	char text[512];
	ssize_t len = fd_read_small_at(dir_fd, "cgroup.events", text, sizeof(text));

	return len >= 0 && strstr(text, "frozen 1\n");
}

static bool is_frozen(int dir_fd)
{
	return begins_with(dir_fd, "freezer.state", "FREEZING") ||
	       begins_with(dir_fd, "freezer.state", "FROZEN") ||
	       begins_with(dir_fd, "cgroup.freeze", "1") || has_frozen_event(dir_fd);
}

// The number in file NAME of DIR_FD. Returns false when there is none: no file, or "max".
static bool read_number(int dir_fd, const char *name, uint64_t *ret)
{
	char text[64];
	const char *cursor = text;
	ssize_t len = fd_read_small_at(dir_fd, name, text, sizeof(text));

	return len > 0 && number_scan(&cursor, text + len, 10, ret) == 0;
}

static int visit_frozen(const struct cgroup *cgroup, int dir_fd, int len, struct error *err)
{
	if (!is_frozen(dir_fd))
		return 0;
	fail(err, ERROR_SYSTEM, EBUSY,
		"the target's cgroup /%.*s (%s) is frozen: a command in it would not run", len,
		cgroup->path, cgroup->name);
	return error_hint(err, "thaw it first, or stay out of it (no -c and no --as-target)");
}

static int visit_all(const struct cgroup *cgroup, int dir_fd, int len, struct error *err)
{
	uint64_t max, current;
	int r = visit_frozen(cgroup, dir_fd, len, err);

	if (r < 0 || !read_number(dir_fd, "pids.max", &max) ||
		!read_number(dir_fd, "pids.current", &current) ||
		(current <= max && max - current >= PROCESSES_NEEDED))
		return r;
	fail(err, ERROR_SYSTEM, EAGAIN,
		"the target's cgroup /%.*s (%s) has no room for the command: it has %llu of at "
		"most %llu processes, and %d more are needed",
		len, cgroup->path, cgroup->name, (unsigned long long)current,
		(unsigned long long)max, PROCESSES_NEEDED);
	return error_hint(err, "raise pids.max, or stay out of it (no -c and no --as-target)");
}

static int check(const struct cgroup_set *set, visit_fn *visit, struct error *err)
{
	for (size_t i = 0; i < set->count; i++) {
		auto_fd int leaf = -EBADF;
		int r = walk(&set->items[i], visit, &leaf, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int cgroup_check(const struct cgroup_set *set, struct error *err)
{
	return check(set, visit_all, err);
}

int cgroup_check_thawed(const struct cgroup_set *set, struct error *err)
{
	return check(set, visit_frozen, err);
}

// What the kernel means by refusing a process. Source: kernel/cgroup/cgroup.c, cgroup-v1.c.
static const struct {
	int errnum;
	const char *why;
} refusals[] = {
	{EACCES, "moving a process needs the right to write cgroup.procs there and, in v2, in the "
		 "nearest common ancestor of there and here"},
	{EPERM, "moving a process needs the right to write cgroup.procs there"},
	{EBUSY, "it has controllers enabled for its children, and so takes no processes itself "
		"(cgroup v2)"},
	{EOPNOTSUPP, "it is an invalid domain: an ancestor of it is threaded (cgroup v2)"},
	{ENOSPC, "its cpuset has no CPUs, or no memory nodes"},
	{EINVAL, "its cpu controller has no time for the scheduling policy of nspeek"},
	{ENODEV, "it has been removed meanwhile"},
	{ENOENT, "it is outside of our cgroup namespace, to which cgroups are delegated "
		 "(nsdelegate)"},
};

static int fail_join(const struct cgroup *cgroup, int errnum, struct error *err)
{
	fail_sys(err, errnum, "moving", "the command to the cgroup /%s (%s)", cgroup->path,
		cgroup->name);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].errnum == errnum)
			return error_hint(err, "%s", refusals[i].why);
	return -errnum;
}

int cgroup_join(const struct cgroup_set *set, struct error *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct cgroup *cgroup = &set->items[i];
		struct error why = {0};
		// 0 is the writer itself, in whatever PID namespace.
		int r = fd_write_all(cgroup->procs_fd, "0", 1);
		if (r == 0) {
			notice_step(
				set->notice, "cgroup (%s): joined /%s", cgroup->name, cgroup->path);
			continue;
		}
		fail_join(cgroup, -r, &why);
		if ((r = settle(set, &why, err)) < 0)
			return r;
	}
	return 0;
}

void cgroup_fini(struct cgroup_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		close_cgroup(&set->items[i]);
	free(set->items);
	*set = (struct cgroup_set){0};
}
