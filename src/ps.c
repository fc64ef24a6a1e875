// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of a container's processes.
#include "ps.h"

#include "cleanup.h"
#include "ps_tree.h"
#include "report_error.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *plural(size_t count)
{
	return count == 1 ? "" : "es";
}

// Warns of ERR, after which what was asked for is not known.
static void warn(const struct error *err)
{
	report_warning("%s", err->message);
}

static void warn_of_missing(const struct ps_container *container)
{
	const struct processes *processes = &container->processes;
	size_t unknown = 0;

	for (size_t i = 0; i < processes->count; i++)
		unknown += processes->rows[i].words_known == PROCESS_WORDS_UNKNOWN;
	if (unknown > 0)
		report_warning("the command line%s of %zu process%s of %s could not be read",
			unknown == 1 ? "" : "s", unknown, plural(unknown), container->word);
	if (processes->unread > 0)
		report_warning("%zu process%s of %s could not be looked at: %s", processes->unread,
			plural(processes->unread), container->word,
			strerror(processes->unread_errnum));
	if (container->members.cut)
		report_warning(
			"there are more processes in %s than can be listed", container->word);
}

static uint64_t now_ticks(uint64_t per_second)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * per_second + (uint64_t)now.tv_nsec * per_second / 1000000000;
}

static void take_user(const struct ps_container *container, const struct uidview *view,
	struct ps_process *process)
{
	process->uid = process->row->status.uid[1];
	process->has_uid = uidview_is_known(view, process->uid);
	process->has_ns_uid = uidview_inside(view, process->uid, &process->ns_uid) == 0;
	if (process->has_ns_uid)
		process->user = usernames_find(&container->names, process->ns_uid);
}

// The PIDs of PROCESS from LEVEL on. One that is not so deep, or an old kernel's, has its own.
static void take_pids(struct ps_process *process, size_t level)
{
	const struct proc_status *status = &process->row->status;
	bool is_there = status->ns_pid_count > level;

	process->ns_pids = is_there ? status->ns_pid + level : &process->row->pid;
	process->ns_pid_count = is_there ? status->ns_pid_count - level : 1;
}

static void take_words(const struct ps_container *container, struct ps_process *process)
{
	if (process->row->words_known == PROCESS_WORDS_UNKNOWN)
		return;
	process->words = container->processes.texts + process->row->words_at;
	process->words_len = process->row->words_len;
}

// How deep the PID namespace of CONTAINER is below that of /proc.
static size_t level_of(const struct ps_container *container)
{
	size_t count = container->named->target.status.ns_pid_count;

	return count ? count - 1 : 0;
}

static int make_rows(struct ps_container *container, const struct uidview *view)
{
	size_t level = level_of(container);
	uint64_t per_second = (uint64_t)sysconf(_SC_CLK_TCK), now = now_ticks(per_second);

	container->rows = calloc(container->processes.count + 1, sizeof(*container->rows));
	if (!container->rows)
		return -ENOMEM;
	for (size_t i = 0; i < container->processes.count; i++) {
		const struct process_row *row = &container->processes.rows[i];
		struct ps_process *process = &container->rows[container->count++];
		*process = (struct ps_process){.container = container,
			.row = row,
			.cpu_s = row->cpu_ticks / per_second,
			.elapsed_s =
				now > row->start_ticks ? (now - row->start_ticks) / per_second : 0};
		take_user(container, view, process);
		take_pids(process, level);
		take_words(container, process);
	}
	for (size_t i = 0; i < container->count; i++) {
		const struct ps_process *parent =
			ps_find(container, container->rows[i].row->status.ppid);
		container->rows[i].ns_ppid = parent ? parent->ns_pids[0] : 0;
	}
	return 0;
}

// Opens the container's init, which the target need not be: another process of it may have a user
// namespace and a root of its own. Fails where there is none, or it is gone.
static int open_init(struct ps_container *container, struct target *ret)
{
	size_t level = level_of(container);

	for (size_t i = 0; level > 0 && i < container->processes.count; i++) {
		const struct process_row *row = &container->processes.rows[i];
		if (row->status.ns_pid_count != level + 1 || row->status.ns_pid[level] != 1)
			continue;
		int r = target_open(row->pid, ret, NULL);
		return r < 0 || members_has(&container->members, ret) ? r : -ESRCH;
	}
	return -ESRCH;
}

// What is known of users in CONTAINER, into its names and *RET.
static void read_users(struct ps_container *container, struct uidview *ret)
{
	auto_target struct target init = TARGET_EMPTY;
	bool has_init = open_init(container, &init) == 0;
	const struct target *target = has_init ? &init : &container->named->target;
	struct error err = {0};

	if (uidview_read(target, ret, &err) < 0) {
		warn(&err);
		*ret = (struct uidview){0}; // no id is mapped
	}
	err = (struct error){0};
	if (usernames_read(target, &container->names, &err) < 0)
		warn(&err);
}

// Fills CONTAINER, whose word and target are set.
static int read_container(struct ps_container *container, struct error *err)
{
	struct uidview view;
	int r;

	if ((r = named_target_members(container->named, &container->members, err)) < 0 ||
		(r = members_list(&container->members, err)) < 0 ||
		(r = processes_read(&container->members, &container->processes, err)) < 0)
		return r;
	warn_of_missing(container);
	if (container->processes.count == 0)
		return fail(err, ERROR_TARGET, ESRCH, "no process of the container of %s %s",
			container->word,
			container->processes.unread ? "could be looked at" : "is left");
	read_users(container, &view);
	r = make_rows(container, &view);
	return r < 0 ? fail_sys(err, -r, "listing", "the processes of %s", container->word) : 0;
}

int ps_container_new(const char *word, const struct named_target *named, struct ps_container **ret,
	struct error *err)
{
	struct ps_container *container = calloc(1, sizeof(*container));

	if (!container)
		return fail_sys(err, ENOMEM, "listing", "the processes of %s", word);
	container->word = word;
	container->named = named;
	int r = read_container(container, err);
	if (r < 0)
		ps_container_free(container);
	else
		*ret = container;
	return r;
}

bool ps_container_is_whole(const struct ps_container *container)
{
	return container->processes.unread == 0 && !container->members.cut;
}

bool ps_container_is(struct ps_container *one, struct ps_container *other)
{
	return members_has(&one->members, &other->named->target) &&
	       members_has(&other->members, &one->named->target);
}

void ps_container_free(struct ps_container *container)
{
	if (!container)
		return;
	free(container->rows);
	usernames_fini(&container->names);
	processes_fini(&container->processes);
	members_fini(&container->members);
	free(container);
}
