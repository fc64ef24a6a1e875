// SPDX-License-Identifier: GPL-2.0-or-later
// Finding, checking and joining cgroups.
#include "cgroup.h"

#include "cgroup_dir.h"
#include "cleanup.h"
#include "fd.h"
#include "number.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
	CGROUP_TEXT_MAX = 1 << 20,
	MOUNTINFO_MAX = 16 << 20,
	HIERARCHIES_MAX = 128, // of v1, whose controllers and names are the administrator's
	// How many processes are in the cgroups at once: the joiner, the stub, the command.
	PROCESSES_NEEDED = 3,
};

struct cgroup {
	struct cgroup_dir dir;
	int procs_fd; // cgroup.procs, for writing
};

#define CGROUP_EMPTY ((struct cgroup){.dir = CGROUP_DIR_EMPTY, .procs_fd = -EBADF})

static void close_cgroup(struct cgroup *cgroup)
{
	cgroup_dir_fini(&cgroup->dir);
	close_fd(&cgroup->procs_fd);
}

#define auto_cgroup __attribute__((cleanup(close_cgroup)))

static int fail_mount(
	const struct cgroup_row *row, const struct cgroup_dir *dir, int errnum, struct error *err)
{
	int len = (int)row->path_len;

	if (cgroup_is_outside(row)) {
		fail(err, ERROR_SYSTEM, EXDEV,
			"the target's cgroup %.*s (%s) is outside of our cgroup namespace", len,
			row->path, dir->name);
		return error_hint(err, "the host's own nspeek can join it");
	}
	if (errnum == ENOENT)
		return fail(err, ERROR_SYSTEM, ENOENT,
			"the target is in the cgroup %.*s, and its hierarchy (%s) is not mounted "
			"here",
			len, row->path, dir->name);
	if (errnum == EXDEV)
		return fail(err, ERROR_SYSTEM, EXDEV,
			"the target's cgroup %.*s is not below where its hierarchy (%s) is mounted "
			"here",
			len, row->path, dir->name);
	return fail_sys(err, errnum, "open", "the cgroup %.*s (%s)", len, row->path, dir->name);
}

static int open_procs(struct cgroup *cgroup, struct error *err)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW;
	auto_fd int leaf = -EBADF;
	int r = cgroup_dir_walk(&cgroup->dir, NULL, NULL, &leaf, err);
	if (r < 0)
		return r;

	cgroup->procs_fd = openat(leaf, "cgroup.procs", flags);
	if (cgroup->procs_fd < 0 && errno == ENOENT)
		cgroup->procs_fd = openat(leaf, "tasks", flags); // v1 before Linux 3.0
	if (cgroup->procs_fd >= 0)
		return 0;
	int errnum = errno;
	fail_sys(err, errnum, "open", "cgroup.procs of the cgroup /%s (%s)", cgroup->dir.path,
		cgroup->dir.name);
	return errnum == EACCES ? error_hint(err, "only root, or whom it is delegated to, may move "
						  "processes into a cgroup")
				: -errnum;
}

static int open_one(const struct cgroup_row *row, const char *mounts, size_t mounts_len,
	struct cgroup *ret, struct error *err)
{
	auto_cgroup struct cgroup cgroup = CGROUP_EMPTY;

	int r = cgroup_dir_find(row, mounts, mounts_len, &cgroup.dir);
	if (r < 0)
		return fail_mount(row, &cgroup.dir, -r, err);
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

// The number in file NAME of DIR_FD. Returns false when there is none: no file, or "max".
static bool read_number(int dir_fd, const char *name, uint64_t *ret)
{
	char text[64];
	const char *cursor = text;
	ssize_t len = fd_read_small_at(dir_fd, name, text, sizeof(text));

	return len > 0 && number_scan(&cursor, text + len, 10, ret) == 0;
}

static int visit_frozen(
	const struct cgroup_dir *dir, int dir_fd, int len, void *arg, struct error *err)
{
	(void)arg;

	if (!cgroup_dir_is_frozen(dir_fd))
		return 0;
	fail(err, ERROR_SYSTEM, EBUSY,
		"the target's cgroup /%.*s (%s) is frozen: a command in it would not run", len,
		dir->path, dir->name);
	return error_hint(err, "thaw it first, or stay out of it (no -c and no --as-target)");
}

static int visit_all(
	const struct cgroup_dir *dir, int dir_fd, int len, void *arg, struct error *err)
{
	uint64_t max, current;
	int r = visit_frozen(dir, dir_fd, len, arg, err);

	if (r < 0 || !read_number(dir_fd, "pids.max", &max) ||
		!read_number(dir_fd, "pids.current", &current) ||
		(current <= max && max - current >= PROCESSES_NEEDED))
		return r;
	fail(err, ERROR_SYSTEM, EAGAIN,
		"the target's cgroup /%.*s (%s) has no room for the command: it has %llu of at "
		"most %llu processes, and %d more are needed",
		len, dir->path, dir->name, (unsigned long long)current, (unsigned long long)max,
		PROCESSES_NEEDED);
	return error_hint(err, "raise pids.max, or stay out of it (no -c and no --as-target)");
}

static int check(const struct cgroup_set *set, cgroup_visit_fn *visit, struct error *err)
{
	for (size_t i = 0; i < set->count; i++) {
		auto_fd int leaf = -EBADF;
		int r = cgroup_dir_walk(&set->items[i].dir, visit, NULL, &leaf, err);
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
	fail_sys(err, errnum, "moving", "the command to the cgroup /%s (%s)", cgroup->dir.path,
		cgroup->dir.name);
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
			notice_step(set->notice, "cgroup (%s): joined /%s", cgroup->dir.name,
				cgroup->dir.path);
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
