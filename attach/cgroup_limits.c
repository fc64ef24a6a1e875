// SPDX-License-Identifier: GPL-2.0-or-later
// Reading limits and pressure of cgroups.
#include "cgroup_limits.h"

#include "cgroup_dir.h"
#include "cleanup.h"
#include "fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum {
	CGROUP_TEXT_MAX = 1 << 20,
	MOUNTINFO_MAX = 16 << 20,
	PLACES_MAX = 128,
};

// What the directories of one hierarchy are visited with.
struct visit {
	struct cgroup_limits *limits;
	const struct cgroup_row *row;
	bool no_memory;                   // -ENOMEM
	char all_cpus[CGROUP_CPUS_SIZE];  // of the topmost directory
	char last_cpus[CGROUP_CPUS_SIZE]; // of the last one
};

// True when the hierarchy has CONTROLLER; in v2 its files say so.
static bool has_controller(const struct visit *visit, const char *controller)
{
	const struct cgroup_row *row = visit->row;

	return row->name_len == 0 || mount_has_word(row->name, row->name_len, controller);
}

static char *copy_path(const struct cgroup_dir *dir, int len, struct visit *visit)
{
	char *path = NULL;

	if (asprintf(&path, "/%.*s", len, dir->path) >= 0)
		return path;
	visit->no_memory = true;
	return NULL;
}

static bool read_limit(int dir_fd, const char *name, uint64_t *ret)
{
	char text[64];
	ssize_t len = fd_read_small_at(dir_fd, name, text, sizeof(text));

	return len > 0 && cgroup_limit_parse(text, (size_t)len, ret) == 0;
}

// Takes the limit in file MAX of DIR_FD, which is LEN bytes of DIR's path away, if it is the
// tightest so far.
static void take_use(int dir_fd, const char *const files[2], char *path, struct cgroup_use *use)
{
	auto_free char *taken = path;
	struct cgroup_use next = {.is_known = true, .max = CGROUP_UNLIMITED};
	bool has_max = read_limit(dir_fd, files[0], &next.max);

	next.has_current = read_limit(dir_fd, files[1], &next.current);
	if (!has_max && !next.has_current)
		return;
	if (use->is_known && use->max != CGROUP_UNLIMITED && next.max >= use->max)
		return;
	free(use->cgroup);
	*use = next;
	if (next.max != CGROUP_UNLIMITED)
		use->cgroup = take_ptr(taken);
}

static bool read_quota(const struct cgroup_dir *dir, int dir_fd, struct cgroup_quota *ret)
{
	char text[64];

	if (!dir->is_v2)
		return read_limit(dir_fd, "cpu.cfs_quota_us", &ret->quota_us) &&
		       read_limit(dir_fd, "cpu.cfs_period_us", &ret->period_us) &&
		       ret->period_us > 0 && ret->period_us != CGROUP_UNLIMITED;
	ssize_t len = fd_read_small_at(dir_fd, "cpu.max", text, sizeof(text));
	return len > 0 && cgroup_quota_parse(text, (size_t)len, ret) == 0;
}

// True when A gives less time than B.
static bool is_tighter(const struct cgroup_quota *a, const struct cgroup_quota *b)
{
	return (double)a->quota_us / (double)a->period_us <
	       (double)b->quota_us / (double)b->period_us;
}

static void take_quota(const struct cgroup_dir *dir, int dir_fd, int len, struct visit *visit)
{
	struct cgroup_limits *limits = visit->limits;
	struct cgroup_quota quota;

	if (!read_quota(dir, dir_fd, &quota) || quota.quota_us == CGROUP_UNLIMITED ||
		(limits->has_quota && !is_tighter(&quota, &limits->quota)))
		return;
	limits->has_quota = true;
	limits->quota = quota;
	free(limits->quota_cgroup);
	limits->quota_cgroup = copy_path(dir, len, visit);
}

static void take_cpus(const struct cgroup_dir *dir, int dir_fd, struct visit *visit)
{
	const char *file = dir->is_v2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus";
	char *text = visit->last_cpus;
	ssize_t len = fd_read_small_at(dir_fd, file, text, CGROUP_CPUS_SIZE);

	text[len > 0 ? strcspn(text, "\n") : 0] = '\0';
	if (!visit->all_cpus[0])
		memcpy(visit->all_cpus, text, CGROUP_CPUS_SIZE);
}

static int visit_dir(
	const struct cgroup_dir *dir, int dir_fd, int len, void *arg, struct error *err)
{
	static const char *const memory_v1[] = {"memory.limit_in_bytes", "memory.usage_in_bytes"};
	static const char *const memory_v2[] = {"memory.max", "memory.current"};
	static const char *const pids[] = {"pids.max", "pids.current"};
	struct visit *visit = arg;
	struct cgroup_limits *limits = visit->limits;
	(void)err;

	if (has_controller(visit, "memory"))
		take_use(dir_fd, dir->is_v2 ? memory_v2 : memory_v1, copy_path(dir, len, visit),
			&limits->memory);
	if (has_controller(visit, "pids"))
		take_use(dir_fd, pids, copy_path(dir, len, visit), &limits->pids);
	if (has_controller(visit, "cpu"))
		take_quota(dir, dir_fd, len, visit);
	if (has_controller(visit, "cpuset"))
		take_cpus(dir, dir_fd, visit);
	if (!limits->frozen && has_controller(visit, "freezer") && cgroup_dir_is_frozen(dir_fd))
		limits->frozen = copy_path(dir, len, visit);
	return 0;
}

static void read_pressure(int dir_fd, struct cgroup_limits *limits)
{
	static const char *const files[] = {
		[CGROUP_PRESSURE_CPU] = "cpu.pressure",
		[CGROUP_PRESSURE_MEMORY] = "memory.pressure",
		[CGROUP_PRESSURE_IO] = "io.pressure",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char text[512];
		ssize_t len = fd_read_small_at(dir_fd, files[i], text, sizeof(text));
		limits->has_pressure[i] = len > 0 && cgroup_pressure_parse(text, (size_t)len,
							     &limits->pressure[i]) == 0;
	}
}

static const char *reason_of(const struct cgroup_row *row, int errnum)
{
	if (cgroup_is_outside(row))
		return "outside of our cgroup namespace";
	if (errnum == ENOENT)
		return "its hierarchy is not mounted here";
	if (errnum == EXDEV)
		return "not below where its hierarchy is mounted here";
	return strerror(errnum);
}

static int add_place(const struct cgroup_row *row, int r, struct cgroup_limits *limits)
{
	struct cgroup_place *place = &limits->places[limits->count++];

	place->name = row->name_len ? strndup(row->name, row->name_len) : strdup("v2");
	place->path = strndup(row->path, row->path_len);
	place->why = r < 0 ? strdup(reason_of(row, -r)) : NULL;
	return !place->name || !place->path || (r < 0 && !place->why) ? -ENOMEM : 0;
}

// True when the hierarchy of ROW can say something.
static bool has_limits(const struct cgroup_row *row)
{
	static const char *const controllers[] = {"memory", "pids", "cpu", "cpuset", "freezer"};

	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++)
		if (mount_has_word(row->name, row->name_len, controllers[i]))
			return true;
	return row->name_len == 0;
}

// Reads what ROW's cgroup limits. Returns 0, -ENOMEM, or why it cannot be found.
static int read_row(
	const struct cgroup_row *row, const char *mounts, size_t len, struct cgroup_limits *limits)
{
	auto_cgroup_dir struct cgroup_dir dir = CGROUP_DIR_EMPTY;
	struct visit visit = {.limits = limits, .row = row};
	auto_fd int leaf = -EBADF;
	struct error why = {0};
	int r = cgroup_dir_find(row, mounts, len, &dir);

	if (r == 0)
		r = cgroup_dir_walk(&dir, visit_dir, &visit, &leaf, &why);
	if (visit.no_memory)
		return -ENOMEM;
	if (r < 0)
		return r;
	if (strcmp(visit.last_cpus, visit.all_cpus) != 0)
		memcpy(limits->cpus, visit.last_cpus, sizeof(limits->cpus));
	if (dir.is_v2)
		read_pressure(leaf, limits);
	return 0;
}

static int read_rows(const char *text, size_t text_len, const char *mounts, size_t len,
	struct cgroup_limits *limits)
{
	const char *cursor = text;
	struct cgroup_row row;
	int r;

	while ((r = cgroup_row_next(&cursor, text + text_len, &row)) > 0) {
		if (limits->count == PLACES_MAX)
			return -E2BIG;
		r = has_limits(&row) ? read_row(&row, mounts, len, limits) : 0;
		if (r == -ENOMEM || (r = add_place(&row, r, limits)) < 0)
			return -ENOMEM;
	}
	return r;
}

int cgroup_limits_read(int dir_fd, struct cgroup_limits *ret, struct error *err)
{
	auto_cgroup_limits struct cgroup_limits limits = {0};
	auto_free char *text = NULL, *mounts = NULL;
	size_t text_len, len;
	int r = fd_read_file_at(dir_fd, "cgroup", CGROUP_TEXT_MAX, &text, &text_len);

	if (r < 0)
		return fail_sys(err, -r, "read", "the cgroups of the process");
	r = fd_read_file_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &mounts, &len);
	if (r < 0)
		return fail_sys(err, -r, "read", "/proc/self/mountinfo");
	limits.places = calloc(PLACES_MAX, sizeof(*limits.places));
	r = limits.places ? read_rows(text, text_len, mounts, len, &limits) : -ENOMEM;
	if (r < 0)
		return fail_sys(err, -r, "reading", "the cgroups of the process");
	*ret = limits;
	limits = (struct cgroup_limits){0};
	return 0;
}

void cgroup_limits_fini(struct cgroup_limits *limits)
{
	for (size_t i = 0; i < limits->count; i++) {
		free(limits->places[i].name);
		free(limits->places[i].path);
		free(limits->places[i].why);
	}
	free(limits->places);
	free(limits->memory.cgroup);
	free(limits->pids.cgroup);
	free(limits->quota_cgroup);
	free(limits->frozen);
	*limits = (struct cgroup_limits){0};
}
