// SPDX-License-Identifier: GPL-2.0-or-later
// Asking state files.
#include "container_names.h"

#include "cgroup_home.h"
#include "cleanup.h"
#include "container_mounts.h"
#include "fd.h"
#include "machine_state.h"
#include "report_error.h"
#include "statefiles.h"
#include "stateread.h"
#include "target.h"
#include "this_program.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { MACHINE_MAX = 64 << 10 };

// Whose file was given to the reader.
struct given {
	char *path;
	enum state_kind kind;
	struct container *container;   // that it was opened for; NULL: it is a store's
	const struct runtime *runtime; // of the store
	char *id;                      // in the store
	bool is_rootless;              // whose store it is: an ordinary user's,
	uid_t owner;                   // this one's
};

struct asking {
	int proc_fd, root_fd;
	struct containers *containers;
	struct state_reader reader;
	struct given *given; // by the reader's index
	bool is_rootless;    // whose files the reader has: an ordinary user's,
	uid_t owner;         // this one's
	bool failed;         // there can be no reader: names stay unknown
	bool quiet;          // nothing is said
};

static void forget(struct asking *asking)
{
	for (size_t i = 0; asking->given && i < STATE_FILES_MAX; i++) {
		free(asking->given[i].path);
		free(asking->given[i].id);
	}
	if (asking->given)
		memset(asking->given, 0, STATE_FILES_MAX * sizeof(*asking->given));
}

static void warn(const struct asking *asking, const char *path, const char *why)
{
	if (!asking->quiet)
		report_warning("%s is not used: %s", path, why);
}

// Says ERR, and that there can be no reader.
static void give_up(struct asking *asking, const struct error *err)
{
	if (!asking->quiet)
		report_error(err);
	asking->failed = true;
}

static const char *trouble_text(uint32_t trouble)
{
	return trouble == STATE_NO_JSON ? "it is no JSON, or not whole"
					: "something in it makes no sense";
}

// Takes RECORD's name, and that it is of a pod, for CONTAINER.
static void take_name(struct container *container, const struct state_record *record)
{
	if (record->is_pod && strcmp(container->runtime->name, "k8s") != 0) {
		container->engine = container->runtime;
		container->runtime = runtime_find("k8s", 3);
	}
	container->is_sandbox = record->is_sandbox;
	if (record->name[0] && !container->name)
		container->name = strdup(record->name);
}

// A file that holds all containers of a store: RECORD is of one of them.
static void take_shared(
	const struct asking *asking, const struct given *given, const struct state_record *record)
{
	for (size_t i = 0; i < asking->containers->count; i++) {
		struct container *row = asking->containers->rows[i];
		if (row->runtime && row->id && !row->name &&
			row->is_rootless == given->container->is_rootless && !row->is_nested &&
			row->owner == given->container->owner && strcmp(row->id, record->id) == 0)
			take_name(row, record);
	}
}

static void take_own(
	const struct asking *asking, const struct given *given, const struct state_record *record)
{
	struct container *container = given->container;

	if (record->id[0] && strcmp(record->id, container->id) != 0)
		warn(asking, given->path, "it is of another container");
	else if (record->pid != 0 && record->pid != container->leader)
		warn(asking, given->path, "its process is not the container's first one");
	// Docker says 0 of one that does not run, or is being started.
	else if (record->pid != 0 || given->kind != STATE_DOCKER)
		take_name(container, record);
}

// The container of no known runtime that PID leads, or NULL.
static struct container *find_unknown(const struct asking *asking, pid_t pid)
{
	for (size_t i = 0; i < asking->containers->count; i++)
		if (!asking->containers->rows[i]->runtime &&
			asking->containers->rows[i]->leader == pid)
			return asking->containers->rows[i];
	return NULL;
}

static void identify(struct container *container, const struct runtime *runtime, const char *id)
{
	char *copy = strdup(id);

	if (!copy)
		return;
	free(container->id);
	container->id = copy;
	container->runtime = runtime;
	if (runtime->id_is_name && !container->name)
		container->name = strdup(id);
}

// A file of a store: RECORD says which process its container began with. One that ended is left
// there by many, and no trouble. Whose container another made, nobody but root can call anything.
static void take_stored(
	const struct asking *asking, const struct given *given, const struct state_record *record)
{
	struct container *container = find_unknown(asking, record->pid);

	if (!container || record->pid == 0)
		return;
	if (given->is_rootless && (!container->is_rootless || container->owner != given->owner))
		return;
	if (record->start != container->start)
		warn(asking, given->path, "its process is not the one that has the number now");
	else if (!record->id[0] || strcmp(record->id, given->id) == 0)
		identify(container, given->runtime, given->id);
}

static void take_record(void *arg, const struct state_record *record)
{
	const struct asking *asking = arg;
	const struct given *given = &asking->given[record->file];

	if (record->file >= STATE_FILES_MAX || !given->path)
		return;
	if (record->trouble != STATE_FINE)
		warn(asking, given->path, trouble_text(record->trouble));
	else if (!given->container)
		take_stored(asking, given, record);
	else if (given->kind == STATE_CONTAINERS)
		take_shared(asking, given, record);
	else
		take_own(asking, given, record);
}

// Reads what was given so far.
static void read_given(struct asking *asking)
{
	struct error err = {0};

	if (asking->reader.work && !asking->failed &&
		state_reader_run(&asking->reader, take_record, asking, &err) < 0)
		give_up(asking, &err);
	forget(asking);
}

// Makes the reader ready, once.
static bool has_reader(struct asking *asking)
{
	struct error err = {0};

	if (asking->reader.work || asking->failed)
		return !asking->failed;
	asking->given = calloc(STATE_FILES_MAX, sizeof(*asking->given));
	if (!asking->given)
		fail_sys(&err, ENOMEM, "reading", "state files");
	else if (state_reader_open(this_program.read_state, &asking->reader, &err) == 0)
		return true;
	give_up(asking, &err);
	return false;
}

// What follows is of OWNER, an ordinary user, or, if not IS_ROOTLESS, of root: what others gave is
// read before that.
static void turn_to_owner(struct asking *asking, bool is_rootless, uid_t owner)
{
	if (asking->is_rootless == is_rootless && (!is_rootless || asking->owner == owner))
		return;
	read_given(asking);
	asking->is_rootless = is_rootless;
	asking->owner = owner;
}

// Gives FD, that of FILE, to the reader; GIVEN says whose it is. An ordinary user's files are read
// once only: what is too much then is left out.
static void give(struct asking *asking, const struct state_file *file, int fd,
	const struct given *given, const char *id)
{
	if (!has_reader(asking))
		return;
	int index = state_reader_add(&asking->reader, file->kind, fd);
	if (index == -ENOBUFS && !asking->is_rootless) {
		read_given(asking);
		index = state_reader_add(&asking->reader, file->kind, fd);
	}
	if (index < 0) {
		warn(asking, file->path,
			index == -EFBIG     ? "it is too large"
			: index == -ENOBUFS ? "its user has too many"
					    : strerror(-index));
		return;
	}
	asking->given[index] = *given;
	asking->given[index].kind = file->kind;
	asking->given[index].path = strdup(file->path);
	asking->given[index].id = id ? strdup(id) : NULL;
}

static bool is_given(const struct asking *asking, const char *path)
{
	for (size_t i = 0; asking->reader.work && i < asking->reader.work->count; i++)
		if (asking->given[i].path && strcmp(asking->given[i].path, path) == 0)
			return true;
	return false;
}

// True when the leader of CONTAINER is in the systemd unit UNIT.
static bool is_in_unit(
	const struct asking *asking, const struct container *container, const char *unit)
{
	char path[32], text[16 << 10];
	struct cgroup_row row;

	snprintf(path, sizeof(path), "%d/cgroup", container->leader);
	ssize_t len = fd_read_small_at(asking->proc_fd, path, text, sizeof(text));
	const char *cursor = text;
	while (len > 0 && cgroup_row_next(&cursor, text + len, &row) > 0) {
		const char *at = memmem(row.path, row.path_len, unit, strlen(unit));
		const char *end = at ? at + strlen(unit) : NULL;
		if (at && at > row.path && at[-1] == '/' &&
			(end == row.path + row.path_len || *end == '/'))
			return true;
	}
	return false;
}

static void take_machine(struct asking *asking, const struct store_file *file, int fd)
{
	auto_free char *text = NULL;
	struct machine_state state;
	size_t len;

	if (fd_read_all(fd, MACHINE_MAX, &text, &len) < 0 ||
		machine_state_parse(text, len, &state) < 0) {
		warn(asking, file->file.path, trouble_text(STATE_NO_SENSE));
		return;
	}
	struct container *container = find_unknown(asking, state.leader);
	if (!container || state.is_vm)
		return;
	if (state.unit[0] && !is_in_unit(asking, container, state.unit))
		warn(asking, file->file.path, "its process is not the one that has the number now");
	else
		identify(container, file->runtime, file->id);
}

static void take_store_file(void *arg, const struct store_file *file, int fd)
{
	struct asking *asking = arg;
	const struct given given = {
		.runtime = file->runtime, .is_rootless = file->is_rootless, .owner = file->owner};

	turn_to_owner(asking, file->is_rootless, file->owner);
	if (fd < 0)
		warn(asking, file->file.path, file->file.trouble);
	else if (file->file.kind == STATE_MACHINE)
		take_machine(asking, file, fd);
	else
		give(asking, &file->file, fd, &given, file->id);
}

// Finds out of which runtime those are whose cgroup does not say.
static void ask_stores(struct asking *asking)
{
	bool any = false;

	for (size_t i = 0; i < asking->containers->count; i++) {
		struct container *row = asking->containers->rows[i];
		struct container_mounts mounts;
		if (row->runtime)
			continue;
		if (row->has_own_mounts &&
			container_mounts_read(asking->proc_fd, row, &mounts) == 0 &&
			mounts.runtime && (!row->id || strcmp(row->id, mounts.id) == 0))
			identify(row, mounts.runtime, mounts.id);
		any |= !row->runtime;
	}
	if (!any)
		return;
	statefiles_visit_stores(asking->root_fd, asking->containers, take_store_file, asking);
	read_given(asking);
}

static void ask_file(struct asking *asking, struct container *container)
{
	struct state_file file;
	const struct given given = {.container = container};
	auto_fd int fd = statefile_open(asking->proc_fd, asking->root_fd, container, &file);

	if (fd == -ENOENT)
		return;
	if (fd < 0)
		warn(asking, file.path, file.trouble);
	else if (file.kind != STATE_CONTAINERS || !is_given(asking, file.path))
		give(asking, &file, fd, &given, NULL);
	if (fd >= 0 && !container->engine && file.runtime != container->runtime)
		container->engine = file.runtime;
}

static bool is_nameless(const struct container *container)
{
	return container->runtime && container->id && !container->name &&
	       !container->runtime->id_is_name;
}

// Asks for the names of those that OWNER made, an ordinary user or, if not IS_ROOTLESS, root.
static void ask_for(struct asking *asking, bool is_rootless, uid_t owner)
{
	turn_to_owner(asking, is_rootless, owner);
	for (size_t i = 0; i < asking->containers->count; i++) {
		struct container *row = asking->containers->rows[i];
		if (is_nameless(row) && row->is_rootless == is_rootless &&
			(!is_rootless || row->owner == owner))
			ask_file(asking, row);
	}
	read_given(asking);
}

static int order_uid(const void *a, const void *b)
{
	uid_t x = *(const uid_t *)a, y = *(const uid_t *)b;

	return (x > y) - (x < y);
}

static void ask_names(struct asking *asking)
{
	size_t count = 0;
	auto_free uid_t *owners = calloc(asking->containers->count + 1, sizeof(*owners));

	ask_for(asking, false, 0);
	for (size_t i = 0; owners && i < asking->containers->count; i++)
		if (asking->containers->rows[i]->is_rootless)
			owners[count++] = asking->containers->rows[i]->owner;
	if (count > 0)
		qsort(owners, count, sizeof(*owners), order_uid);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || owners[i] != owners[i - 1])
			ask_for(asking, true, owners[i]);
}

// Containers of containerd that nobody gave a name have an id that somebody chose.
static void name_by_id(struct container *container)
{
	if (container->runtime && strcmp(container->runtime->name, "containerd") == 0 &&
		container->id && !container->name && !runtime_is_id(container->id))
		container->name = strdup(container->id);
}

int container_names_find(bool quiet, struct containers *ret, struct error *err)
{
	auto_fd int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct asking asking = {
		.proc_fd = proc_fd, .root_fd = root_fd, .containers = ret, .quiet = quiet};

	if (proc_fd < 0 || root_fd < 0)
		return fail_sys(err, errno, "open", "%s", proc_fd < 0 ? "/proc" : "/");
	int r = target_check_procfs(err);
	if (r < 0 || (r = containers_find(proc_fd, ret, err)) < 0)
		return r;
	ask_stores(&asking);
	ask_names(&asking);
	for (size_t i = 0; i < ret->count; i++)
		name_by_id(ret->rows[i]);
	forget(&asking);
	free(asking.given);
	state_reader_close(&asking.reader);
	return 0;
}
