// SPDX-License-Identifier: GPL-2.0-or-later
// From the user's word to what it means.
#include "targets.h"

#include "cgroup_text.h"
#include "cleanup.h"
#include "container_names.h"
#include "fd.h"
#include "number.h"
#include "target_match.h"
#include "target_word.h"
#include "text.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
	LISTED_MAX = 16, // candidates of a message
	LABEL_SIZE = 128,
	MOUNTINFO_MAX = 16 << 20,
};

void container_name_fini(struct container_name *name)
{
	free(name->runtime);
	free(name->id);
	free(name->name);
	*name = (struct container_name){0};
}

void named_target_fini(struct named_target *target)
{
	target_fini(&target->target);
	container_name_fini(&target->container);
	free(target->hierarchy);
	free(target->cgroup);
	*target = NAMED_TARGET_EMPTY;
}

void targets_fini(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		named_target_fini(&targets->rows[i]);
	free(targets->rows);
	*targets = (struct targets){0};
}

// Where systemd units and cgroups are looked for, and how much of WORD that takes; 0: it is none.
static size_t cgroup_word(const char *word, bool *ret_is_unit)
{
	*ret_is_unit = strncmp(word, "unit:", 5) == 0;
	return *ret_is_unit ? 5 : strncmp(word, "cgroup:", 7) == 0 ? 7 : 0;
}

// Appends what the COUNT ROWS are called to the message of ERR.
static int list_rows(const struct container *const *rows, size_t count, struct error *err)
{
	char label[LABEL_SIZE];

	for (size_t i = 0; i < count && i < LISTED_MAX; i++)
		error_append(err, "%s %s (%d)", i > 0 ? "," : "",
			container_label(rows[i], label, sizeof(label)), rows[i]->leader);
	return count > LISTED_MAX ? error_append(err, " and %zu more", count - LISTED_MAX)
				  : -err->errnum;
}

static int refuse_several(
	const char *word, const struct container *const *rows, size_t count, struct error *err)
{
	fail(err, ERROR_TARGET, ENOTUNIQ, "%s means %zu containers:", word, count);
	list_rows(rows, count, err);
	return error_hint(
		err, "RUNTIME:NAME, more of an id, or the PID, in parentheses, means one");
}

// How much NAME of LEN bytes is like what CONTAINER is called; SIZE_MAX: not at all.
static size_t likeness(const struct container *container, const char *name, size_t len)
{
	const char *called = container->name ? container->name : "";
	const char *last = strrchr(called, '/');

	if (called[0] == '\0')
		return SIZE_MAX;
	if (len >= 3 && memmem(called, strlen(called), name, len))
		return 1;
	size_t distance = target_distance(name, len, called);
	return distance != SIZE_MAX || !last ? distance : target_distance(name, len, last + 1);
}

// Those of CONTAINERS that are called like what QUERY says, or, if IS_ANY, all that are called
// anything, into RET. Returns how many.
static size_t find_near(const struct containers *containers, const struct target_query *query,
	bool is_any, const struct container **ret)
{
	size_t count = 0;

	for (size_t i = 0; i < containers->count; i++) {
		const struct container *row = containers->rows[i];
		if (is_any ? row->name || row->id
			   : likeness(row, query->name, query->name_len) != SIZE_MAX)
			ret[count++] = row;
	}
	return count;
}

static int refuse_unknown(const char *word, const struct containers *containers,
	const struct target_query *query, struct error *err)
{
	auto_free const struct container **near = calloc(containers->count + 1, sizeof(*near));
	struct error hint = {0};

	fail(err, ERROR_TARGET, ENOENT, "no container is called %s", word);
	if (!near)
		return -err->errnum;
	size_t count = find_near(containers, query, false, near);
	fail(&hint, ERROR_TARGET, ENOENT,
		"%s:", count > 0 ? "some are called like it" : "there are");
	if (count == 0 && (count = find_near(containers, query, true, near)) == 0)
		return error_hint(err, "no container that can be seen here has a name: "
				       "`nspeek list` shows them all");
	list_rows(near, count, &hint);
	return error_hint(err, "%.500s", hint.message);
}

static char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

// Notes what CONTAINER is called in TARGET.
static void describe(const struct container *container, struct named_target *target)
{
	container_name_fini(&target->container);
	target->container.runtime = container->runtime ? strdup(container->runtime->name) : NULL;
	target->container.id = copy_text(container->id);
	target->container.name = copy_text(container->name);
	target->is_contained = true;
}

static bool is_init(const struct proc_status *status)
{
	return status->ns_pid_count > 1 && status->ns_pid[status->ns_pid_count - 1] == 1;
}

// Notes what makes a member of CONTAINER, where that is not the PID namespace of TARGET, its
// leader.
static void note_members(const struct container *container, struct named_target *target)
{
	if (container->has_own_pids && !container->shares_pids && is_init(&target->target.status))
		return;
	target->hierarchy = copy_text(container->hierarchy);
	target->cgroup = copy_text(container->cgroup);
	target->by_mounts = !container->cgroup && !container->has_own_pids;
}

static int open_container(
	const struct container *container, struct named_target *ret, struct error *err)
{
	auto_named_target struct named_target target = NAMED_TARGET_EMPTY;
	char label[LABEL_SIZE];

	container_label(container, label, sizeof(label));
	if (container->isolation != ISOLATION_NONE)
		return fail(err, ERROR_TARGET, EOPNOTSUPP,
			"%s runs in a %s (%s): its processes are not this kernel's", label,
			container->isolation == ISOLATION_GVISOR ? "kernel of its own"
								 : "virtual machine",
			isolation_name(container->isolation));
	int r = target_open(container->leader, &target.target, err);
	if (r < 0)
		return r;
	if (!container_has(container, &target.target))
		return fail(err, ERROR_TARGET, ESRCH, "the container %s has ended", label);
	describe(container, &target);
	note_members(container, &target);
	target.is_whole = true;
	*ret = target;
	target = NAMED_TARGET_EMPTY;
	return 0;
}

// The process that has number INSIDE in the container that ROW is: instead of its init.
static int turn_to(struct named_target *row, const char *word, pid_t inside, struct error *err)
{
	auto_members struct members members = {0};
	size_t level = row->target.status.ns_pid_count;
	int r = named_target_members(row, &members, err);

	if (r < 0 || (r = members_list(&members, err)) < 0)
		return r;
	for (size_t i = 0; i < members.count; i++) {
		auto_target struct target target = TARGET_EMPTY;
		struct error why = {0};
		if (target_open(members.pids[i], &target, &why) < 0 || level == 0 ||
			target.status.ns_pid_count < level ||
			target.status.ns_pid[level - 1] != inside ||
			!members_has(&members, &target))
			continue;
		target_fini(&row->target);
		row->target = target;
		target = TARGET_EMPTY;
		row->is_whole = false;
		return 0;
	}
	return fail(err, ERROR_TARGET, ESRCH, "there is no process %d inside, in %s", inside, word);
}

static int open_rows(
	const struct container *const *rows, size_t count, struct targets *ret, struct error *err)
{
	auto_targets struct targets targets = {.rows = calloc(count, sizeof(*targets.rows))};

	if (!targets.rows)
		return fail_sys(err, ENOMEM, "opening", "containers");
	for (size_t i = 0; i < count; i++) {
		targets.rows[i] = NAMED_TARGET_EMPTY;
		int r = open_container(rows[i], &targets.rows[i], err);
		if (r < 0)
			return r;
		targets.count++;
	}
	*ret = targets;
	targets = (struct targets){0};
	return 0;
}

static int open_named(const char *word, struct targets *ret, struct error *err)
{
	auto_containers struct containers containers = {0};
	struct target_query query;
	bool is_pod;
	int r = target_query_parse(word, false, &query, err);

	if (r < 0 || (r = container_names_find(false, &containers, err)) < 0)
		return r;
	auto_free const struct container **rows = calloc(containers.count + 1, sizeof(*rows));
	if (!rows)
		return fail_sys(err, ENOMEM, "the search", "the containers that %s may mean", word);
	size_t count = target_match(&containers, &query, rows, &is_pod);
	if (count == 0 && (r = target_query_parse(word, true, &query, err)) < 0)
		return r;
	if (count == 0 && query.inside != 0)
		count = target_match(&containers, &query, rows, &is_pod);
	if (count == 0)
		return refuse_unknown(word, &containers, &query, err);
	if (count > 1 && (!is_pod || query.inside != 0))
		return refuse_several(word, rows, count, err);
	if ((r = open_rows(rows, count, ret, err)) < 0 || query.inside == 0)
		return r;
	r = turn_to(&ret->rows[0], word, query.inside, err);
	if (r < 0)
		targets_fini(ret);
	return r;
}

// Writes the cgroup that the directory PATH shows, in whichever hierarchy is mounted there, to RET
// of SIZE bytes. Returns false when it is none.
static bool cgroup_of_directory(const char *path, char *ret, size_t size)
{
	auto_free char *text = NULL;
	size_t len, best = 0;
	struct mount_row mount;

	if (fd_read_file_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len) < 0)
		return false;
	const char *cursor = text;
	while (mount_row_next(&cursor, text + len, &mount) > 0) {
		char point[PATH_MAX], root[PATH_MAX];
		if (mount.type_len < 6 || memcmp(mount.type, "cgroup", 6) != 0 ||
			mount_unescape(mount.point, mount.point_len, point, sizeof(point)) < 0 ||
			mount_unescape(mount.root, mount.root_len, root, sizeof(root)) < 0)
			continue;
		size_t point_len = strlen(point);
		if (point_len <= best || strncmp(path, point, point_len) != 0 ||
			path[point_len] != '/')
			continue;
		int written = snprintf(
			ret, size, "%s%s", strcmp(root, "/") == 0 ? "" : root, path + point_len);
		best = written > 0 && (size_t)written < size ? point_len : best;
	}
	return best > 0;
}

// Finds who is in the systemd unit, or in the cgroup, that NAME of LEN bytes is.
static int find_in_cgroup(
	const char *name, size_t len, bool is_unit, struct containers *ret, struct error *err)
{
	auto_fd int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char called[PATH_MAX], path[2 * PATH_MAX];

	if (proc_fd < 0)
		return fail_sys(err, errno, "open", "/proc");
	snprintf(called, sizeof(called), "%.*s", (int)len, name);
	if (is_unit || !cgroup_of_directory(called, path, sizeof(path)))
		snprintf(
			path, sizeof(path), "%s%s", is_unit || called[0] == '/' ? "" : "/", called);
	for (size_t end = strlen(path); end > 1 && path[end - 1] == '/';)
		path[--end] = '\0';
	return containers_find_cgroup(proc_fd, path, is_unit, ret, err);
}

// Opens the processes of a systemd unit, or of a cgroup, that NAME is; or, where there is none of
// that name, the one that a number at its end says.
static int open_cgroup(
	const char *word, const char *name, bool is_unit, struct targets *ret, struct error *err)
{
	auto_containers struct containers containers = {0};
	const char *slash = strrchr(name, '/');
	pid_t inside = 0;
	int r;

	if (name[0] == '\0' || strlen(name) >= PATH_MAX)
		return fail(err, ERROR_USAGE, EINVAL, "there is no name in %s", word);
	r = find_in_cgroup(name, strlen(name), is_unit, &containers, err);
	if (r == 0 && containers.count == 0 && slash && slash > name &&
		number_parse_pid(slash + 1, &inside) == 0)
		r = find_in_cgroup(name, (size_t)(slash - name), is_unit, &containers, err);
	if (r < 0)
		return r;
	if (containers.count == 0)
		return fail(err, ERROR_TARGET, ENOENT, "no process is in %s", word);
	const struct container *const *rows = (const struct container *const *)containers.rows;
	if (containers.count > 1)
		return refuse_several(word, rows, containers.count, err);
	if ((r = open_rows(rows, 1, ret, err)) < 0 || inside == 0)
		return r;
	r = turn_to(&ret->rows[0], word, inside, err);
	if (r < 0)
		targets_fini(ret);
	return r;
}

int targets_open(const char *word, struct targets *ret, struct error *err)
{
	bool is_unit;
	size_t prefix = cgroup_word(word, &is_unit);

	if (prefix > 0)
		return open_cgroup(word, word + prefix, is_unit, ret, err);
	if (!target_word_is_number(word))
		return open_named(word, ret, err);
	struct targets targets = {.rows = calloc(1, sizeof(*targets.rows)), .count = 1};
	if (!targets.rows)
		return fail_sys(err, ENOMEM, "opening", "%s", word);
	targets.rows[0] = NAMED_TARGET_EMPTY;
	int r = target_word_open(word, &targets.rows[0].target, err);
	if (r < 0)
		targets_fini(&targets);
	else
		*ret = targets;
	return r;
}

int targets_open_one(const char *word, struct named_target *ret, struct error *err)
{
	auto_targets struct targets targets = {0};
	int r = targets_open(word, &targets, err);

	if (r < 0)
		return r;
	if (targets.count > 1) {
		fail(err, ERROR_TARGET, ENOTUNIQ, "%s is a pod of %zu containers:", word,
			targets.count);
		for (size_t i = 0; i < targets.count && i < LISTED_MAX; i++)
			error_append(err, "%s %s (%d)", i > 0 ? "," : "",
				targets.rows[i].container.name, targets.rows[i].target.pid);
		return error_hint(err, "name one of them");
	}
	*ret = targets.rows[0];
	targets.rows[0] = NAMED_TARGET_EMPTY;
	return 0;
}

int named_target_members(const struct named_target *target, struct members *ret, struct error *err)
{
	if (target->by_mounts)
		return members_find_mounts(&target->target, ret, err);
	return target->cgroup ? members_find_cgroup(&target->target, target->hierarchy,
					target->cgroup, ret, err)
			      : members_find(&target->target, ret, err);
}

void named_target_identify(struct named_target *target)
{
	auto_fd int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_containers struct containers containers = {0};
	struct error err = {0};

	if (target->is_contained || proc_fd < 0 ||
		!containers_may_hold(proc_fd, target->target.pid) ||
		container_names_find(true, &containers, &err) < 0)
		return;
	const struct container *row = containers_around(proc_fd, &containers, target->target.pid);
	if (row)
		describe(row, target);
}
