// SPDX-License-Identifier: GPL-2.0-or-later
// Looking through /proc.
#include "members.h"

#include "cgroup_home.h"
#include "cleanup.h"
#include "fd.h"
#include "nsset.h"
#include "number.h"
#include "order.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum {
	PASSES_MAX = 4,
	PIDS_MAX = 1 << 22,    // that Linux has
	CGROUPS_MAX = 1 << 20, // bytes of a cgroup text
	VERDICTS_MAX = 256,
	DEPTH_MAX = 32, // of PID namespaces (MAX_PID_NS_LEVEL)
};

// Whether a PID namespace is below the container's.
struct members_verdict {
	uint64_t dev, inode;
	bool is_below;
};

// A growing list of PIDs.
struct pids {
	pid_t *rows;
	size_t count, capacity;
};

static int pids_add(struct pids *pids, pid_t pid)
{
	if (pids->count == PIDS_MAX)
		return -EFBIG;
	if (pids->count == pids->capacity) {
		size_t capacity = pids->capacity ? 2 * pids->capacity : 256;
		pid_t *grown = reallocarray(pids->rows, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		pids->rows = grown;
		pids->capacity = capacity;
	}
	pids->rows[pids->count++] = pid;
	return 0;
}

static void pids_fini(struct pids *pids)
{
	free(pids->rows);
}

#define auto_pids __attribute__((cleanup(pids_fini)))

static bool is_container(const struct members *members, const struct stat *st)
{
	return st->st_ino == members->ns_inode && st->st_dev == members->ns_dev;
}

// True when the PID namespace FD, or one above it, is the container's. One that is not below ours
// is not shown by the kernel. ioctl_ns(2).
static bool is_below(const struct members *members, int fd)
{
	auto_fd int at = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	struct stat st;

	for (int i = 0; i <= DEPTH_MAX && at >= 0 && fstat(at, &st) == 0; i++) {
		if (is_container(members, &st))
			return true;
		int parent = ioctl(at, NS_GET_PARENT);
		close_fd(&at);
		at = parent;
	}
	return false;
}

// The same for the PID namespace that is the file PATH below DIRFD and has ST.
static bool is_below_cached(struct members *members, int dirfd, const char *path, struct stat *st)
{
	for (size_t i = 0; i < members->verdict_count; i++)
		if (members->verdicts[i].inode == st->st_ino &&
			members->verdicts[i].dev == st->st_dev)
			return members->verdicts[i].is_below;
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, st) < 0)
		return false;
	bool verdict = is_below(members, fd);
	if (members->verdict_count < VERDICTS_MAX)
		members->verdicts[members->verdict_count++] =
			(struct members_verdict){st->st_dev, st->st_ino, verdict};
	return verdict;
}

// True when the process whose directory below DIRFD is PATH (which ends with a slash, or is empty)
// is in the container.
static bool belongs(struct members *members, int dirfd, const char *path)
{
	char name[64];
	struct stat st;

	if (members->ns_inode != 0) {
		snprintf(name, sizeof(name), "%sns/%s", path, members->by_mounts ? "mnt" : "pid");
		if (fstatat(dirfd, name, &st, 0) < 0)
			return false;
		return is_container(members, &st) ||
		       (!members->by_mounts && is_below_cached(members, dirfd, name, &st));
	}
	auto_free char *text = NULL;
	size_t len;
	snprintf(name, sizeof(name), "%scgroup", path);
	return fd_read_file_at(dirfd, name, CGROUPS_MAX, &text, &len) == 0 &&
	       cgroup_is_home_of(members->home, text, len);
}

// True for the caller and its children.
static bool is_ours(int proc_fd, pid_t pid)
{
	char path[32], text[3072];
	struct proc_status status;

	if (pid == getpid())
		return true;
	snprintf(path, sizeof(path), "%d/status", pid);
	ssize_t len = fd_read_small_at(proc_fd, path, text, sizeof(text));
	return len >= 0 && proc_status_parse(text, (size_t)len, &status) == 0 &&
	       status.ppid == getpid();
}

// Adds the processes of the container that are not among SEEN, the first SORTED of which ascend, to
// FOUND, and all that are new to SEEN.
static int pass(struct members *members, struct pids *seen, size_t sorted, struct pids *found)
{
	auto_dir DIR *dir = opendir("/proc");
	int r = dir ? 0 : -errno;

	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		char path[32];
		pid_t pid;
		if (number_parse_pid(entry->d_name, &pid) < 0 ||
			(sorted > 0 && bsearch(&pid, seen->rows, sorted, sizeof(pid), order_int)))
			continue;
		r = pids_add(seen, pid);
		snprintf(path, sizeof(path), "%d/", pid);
		if (r < 0 || !belongs(members, dirfd(dir), path) || is_ours(dirfd(dir), pid))
			continue;
		r = found->count < MEMBERS_MAX ? pids_add(found, pid) : -EFBIG;
	}
	return r;
}

// Fills the list of MEMBERS, whose criterion is known.
static int list(struct members *members)
{
	auto_pids struct pids seen = {0}, found = {0};
	size_t before = SIZE_MAX;
	int r = 0;

	for (int i = 0; r == 0 && i < PASSES_MAX && before != found.count; i++) {
		before = found.count;
		r = pass(members, &seen, seen.count, &found);
		qsort(seen.rows, seen.count, sizeof(*seen.rows), order_int);
	}
	if (r < 0 && r != -EFBIG)
		return r;
	members->cut = r == -EFBIG || before != found.count;
	if (found.count > 0)
		qsort(found.rows, found.count, sizeof(*found.rows), order_int);
	members->pids = take_ptr(found.rows);
	members->count = found.count;
	return 0;
}

// Says that the namespace of type KIND of TARGET could not be looked at.
static int fail_looking(
	int errnum, const char *kind, const struct target *target, struct error *err)
{
	char action[48];

	snprintf(action, sizeof(action), "looking at the %s namespace", kind);
	fail_sys(err, errnum, action, "process %d", target->pid);
	if (errnum == EACCES || errnum == EPERM)
		nsset_hint_access(err);
	return -errnum;
}

// What makes a member of the container of TARGET, into MEMBERS.
static int find_criterion(const struct target *target, struct members *members, struct error *err)
{
	struct stat own, its;
	size_t len;

	if (fstatat(target->task_fd, "ns/pid", &its, 0) < 0 || stat("/proc/self/ns/pid", &own) < 0)
		return fail_looking(errno, "PID", target, err);
	if (its.st_ino != own.st_ino || its.st_dev != own.st_dev) {
		members->ns_dev = its.st_dev;
		members->ns_inode = its.st_ino;
		return 0;
	}
	int r = fd_read_file_at(target->task_fd, "cgroup", CGROUPS_MAX, &members->cgroups, &len);
	if (r < 0)
		return fail_sys(err, -r, "reading the cgroups", "process %d", target->pid);
	r = cgroup_home(members->cgroups, len, members->home);
	if (r == -EINVAL)
		return fail(err, ERROR_SYSTEM, EINVAL, "the cgroups of process %d are malformed",
			target->pid);
	if (r < 0)
		return fail(err, ERROR_TARGET, ENOENT,
			"process %d is in no container: its PID namespace is ours, and it is in no "
			"cgroup but the root",
			target->pid);
	return 0;
}

static int begin(const struct target *target, struct members *members, struct error *err)
{
	*members = (struct members){.home = calloc(1, sizeof(*members->home)),
		.verdicts = calloc(VERDICTS_MAX, sizeof(*members->verdicts))};
	if (!members->home || !members->verdicts)
		return fail_sys(err, ENOMEM, "listing", "the container of process %d", target->pid);
	return 0;
}

int members_find(const struct target *target, struct members *ret, struct error *err)
{
	auto_members struct members members = {0};
	int r;

	if ((r = begin(target, &members, err)) < 0 ||
		(r = find_criterion(target, &members, err)) < 0 ||
		(r = target_verify(target, err)) < 0)
		return r;
	*ret = members;
	members = (struct members){0};
	return 0;
}

int members_find_cgroup(const struct target *target, const char *hierarchy, const char *path,
	struct members *ret, struct error *err)
{
	auto_members struct members members = {0};
	int r = begin(target, &members, err);

	if (r < 0)
		return r;
	int len = asprintf(&members.cgroups, "0:%s:%s\n", hierarchy, path);
	if (len < 0) {
		members.cgroups = NULL;
		return fail_sys(err, ENOMEM, "listing", "the cgroup %s", path);
	}
	const char *cursor = members.cgroups;
	if (cgroup_row_next(&cursor, members.cgroups + len, members.home) <= 0)
		return fail(err, ERROR_SYSTEM, EINVAL, "%s is no cgroup", path);
	*ret = members;
	members = (struct members){0};
	return 0;
}

int members_find_mounts(const struct target *target, struct members *ret, struct error *err)
{
	auto_members struct members members = {0};
	struct stat its;
	int r = begin(target, &members, err);

	if (r < 0)
		return r;
	if (fstatat(target->task_fd, "ns/mnt", &its, 0) < 0)
		return fail_looking(errno, "mount", target, err);
	members.ns_dev = its.st_dev;
	members.ns_inode = its.st_ino;
	members.by_mounts = true;
	*ret = members;
	members = (struct members){0};
	return 0;
}

int members_list(struct members *members, struct error *err)
{
	free(members->pids);
	members->pids = NULL;
	members->count = 0;
	int r = list(members);
	return r < 0 ? fail_sys(err, -r, "listing", "the processes of a container") : 0;
}

bool members_has(struct members *members, const struct target *target)
{
	return belongs(members, target->task_fd, "");
}

void members_fini(struct members *members)
{
	free(members->pids);
	free(members->cgroups);
	free(members->home);
	free(members->verdicts);
	memset(members, 0, sizeof(*members));
}
