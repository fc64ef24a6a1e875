// SPDX-License-Identifier: GPL-2.0-or-later
// One look at every process.
#include "containers.h"

#include "cgroup_home.h"
#include "cleanup.h"
#include "container_origin.h"
#include "fd.h"
#include "number.h"

#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	CONTAINERS_MAX = 1 << 16,
	CGROUPS_MAX = 16 << 10, // bytes of a cgroup text; a longer one tells nothing
	ID_SIZE = 512,          // of an id or name that a cgroup tells
};

// What is looked for, instead of what runtimes call their cgroups.
struct wanted {
	const char *name;
	bool is_unit;
};

struct scan {
	int proc_fd;
	const struct wanted *wanted; // or NULL
	struct containers *containers;
	uint64_t own_pids, own_mounts, own_users; // our namespaces
	pid_t no_monitor;                         // the last that was found to be none
	bool impatient;                           // one has not answered
	struct stat own_root;
	char cgroups[CGROUPS_MAX]; // of the process that is looked at
	size_t cgroups_len;
	char own_cgroups[CGROUPS_MAX];
	size_t own_cgroups_len;
};

// A process that belongs to a container.
struct member {
	pid_t pid;
	uint64_t pid_ns; // 0: not known
	// What makes the container:
	struct cgroup_row row;
	struct runtime_match match;
	uint64_t space;
	bool by_cgroup, by_mounts;
};

static int order_key(const void *a, const void *b)
{
	const struct container *x = a, *y = b;

	if (x->cgroup && y->cgroup)
		return strcmp(x->cgroup, y->cgroup);
	if (x->cgroup || y->cgroup)
		return x->cgroup ? 1 : -1;
	return (x->space > y->space) - (x->space < y->space);
}

static void container_free(struct container *container)
{
	free(container->id);
	free(container->name);
	free(container->hierarchy);
	free(container->cgroup);
	free(container->bundle);
	free(container);
}

static void forget_key(void *row)
{
	(void)row; // the array owns it
}

void containers_fini(struct containers *containers)
{
	tdestroy(containers->by_key, forget_key);
	for (size_t i = 0; i < containers->count; i++)
		container_free(containers->rows[i]);
	free(containers->rows);
	*containers = (struct containers){0};
}

static int containers_add(struct containers *containers, struct container *container)
{
	size_t count = containers->count;

	if (count == CONTAINERS_MAX)
		return -EFBIG;
	if ((count & (count - 1)) == 0) {
		void *grown = reallocarray(
			containers->rows, count ? 2 * count : 1, sizeof(*containers->rows));
		if (!grown)
			return -ENOMEM;
		containers->rows = grown;
	}
	if (!tsearch(container, &containers->by_key, order_key))
		return -ENOMEM;
	containers->rows[containers->count++] = container;
	return 0;
}

// True when a component of PATH is the unit NAME, or NAME.service; *RET_LEN is then where it ends.
static bool find_unit(const struct cgroup_row *row, const char *name, size_t *ret_len)
{
	static const char service[] = ".service";
	const char *end = row->path + row->path_len;
	size_t name_len = strlen(name);

	for (const char *p = row->path; p < end;) {
		const char *begin = *p == '/' ? p + 1 : p;
		const char *slash = memchr(begin, '/', (size_t)(end - begin));
		const char *word_end = slash ? slash : end;
		size_t len = (size_t)(word_end - begin);
		char word[ID_SIZE];
		p = word_end;
		*ret_len = (size_t)(word_end - row->path);
		if (!runtime_unescape_unit(begin, len, word, sizeof(word)))
			continue;
		bool is_long =
			strncmp(word, name, name_len) == 0 && strcmp(word + name_len, service) == 0;
		if (is_long || strcmp(word, name) == 0 ||
			(len == name_len && memcmp(begin, name, len) == 0))
			return true;
		if (slash == NULL)
			break;
	}
	return false;
}

// True when ROW is in the cgroup that is wanted; *RET_LEN bytes of its path are that one.
static bool is_wanted(const struct wanted *wanted, const struct cgroup_row *row, size_t *ret_len)
{
	size_t len = strlen(wanted->name);

	if (wanted->is_unit)
		return find_unit(row, wanted->name, ret_len);
	*ret_len = len;
	return row->path_len >= len && memcmp(row->path, wanted->name, len) == 0 &&
	       (row->path_len == len || row->path[len] == '/');
}

// Looks for the cgroup that makes the process one of a container, in all its hierarchies: the
// deepest.
static bool match_cgroups(struct scan *scan, struct member *member)
{
	const char *cursor = scan->cgroups;
	struct cgroup_row row;
	struct runtime_match match = {0};
	bool found = false;

	while (cgroup_row_next(&cursor, scan->cgroups + scan->cgroups_len, &row) > 0) {
		if (scan->wanted ? !is_wanted(scan->wanted, &row, &match.path_len)
				 : !runtime_match(row.path, row.path_len, &match))
			continue;
		if (found && match.path_len <= member->match.path_len)
			continue;
		member->row = row;
		member->match = match;
		found = true;
	}
	member->by_cgroup = found;
	return found;
}

// True when the process is in a root and in mounts that are not ours, and none of the kernel's.
static bool has_other_root(const struct scan *scan, struct member *member)
{
	char path[32];
	struct stat root;
	struct container_origin origin;

	member->space = container_inode(scan->proc_fd, member->pid, "ns/mnt");
	if (member->space == 0 || member->space == scan->own_mounts)
		return false;
	snprintf(path, sizeof(path), "%d/root/.", member->pid);
	if (fstatat(scan->proc_fd, path, &root, 0) < 0 ||
		(root.st_ino == scan->own_root.st_ino && root.st_dev == scan->own_root.st_dev))
		return false;
	return container_origin(scan->proc_fd, member->pid, &origin) == 0 &&
	       !origin.is_kernel_thread;
}

// Fills *MEMBER for its pid. Returns false when it is in no container.
static bool look(struct scan *scan, struct member *member)
{
	ssize_t len = container_read(
		scan->proc_fd, member->pid, "cgroup", scan->cgroups, sizeof(scan->cgroups));

	scan->cgroups_len = len > 0 ? (size_t)len : 0;
	member->pid_ns = container_inode(scan->proc_fd, member->pid, "ns/pid");
	if (member->pid_ns == 0 && errno != EACCES && errno != EPERM)
		return false; // it is gone, or a zombie
	if (match_cgroups(scan, member))
		return true;
	if (scan->wanted || member->pid_ns == 0)
		return false;
	if (member->pid_ns != scan->own_pids) {
		member->space = member->pid_ns;
		return true;
	}
	member->by_mounts = has_other_root(scan, member);
	return member->by_mounts;
}

// True when the cgroup of MEMBER's container is in one of another container, in which we are not.
static bool is_nested(const struct scan *scan, const struct member *member)
{
	const struct runtime_match *match = &member->match;
	const char *path = member->row.path;
	struct runtime_match outer = {.path_len = match->path_len};
	struct cgroup_row own;
	bool has_own = cgroup_find(scan->own_cgroups, scan->own_cgroups_len, member->row.name,
			       member->row.name_len, &own) == 0;

	for (const char *end; (end = memrchr(path, '/', outer.path_len)) &&
			      runtime_match(path, (size_t)(end - path), &outer);) {
		bool is_same = outer.id_len == match->id_len &&
			       memcmp(outer.id, match->id, match->id_len) == 0;
		const struct cgroup_row home = {.path = path, .path_len = outer.path_len};
		if (!is_same && !(has_own && cgroup_is_below(&home, &own)))
			return true;
	}
	return false;
}

// Fills the key of CONTAINER, which holds nothing yet.
static int make_key(const struct member *member, struct container *container)
{
	if (!member->by_cgroup) {
		container->space = member->space;
		return 0;
	}
	container->hierarchy = strndup(member->row.name, member->row.name_len);
	container->cgroup = strndup(member->row.path, member->match.path_len);
	return container->hierarchy && container->cgroup ? 0 : -ENOMEM;
}

// Fills what the cgroup tells of CONTAINER.
static int describe(
	const struct scan *scan, const struct member *member, struct container *container)
{
	const struct runtime_match *match = &member->match;
	char id[ID_SIZE];

	if (!member->by_cgroup || !match->id)
		return 0;
	if (match->is_unit ? !runtime_unescape_unit(match->id, match->id_len, id, sizeof(id))
			   : match->id_len >= sizeof(id))
		return 0;
	if (!match->is_unit) {
		memcpy(id, match->id, match->id_len);
		id[match->id_len] = '\0';
	}
	container->runtime = match->runtime;
	container->is_nested = is_nested(scan, member);
	// As libvirt calls them.
	if (match->is_unit && strncmp(id, "qemu-", 5) == 0)
		container->isolation = ISOLATION_VM;
	if (match->is_in_pod && (!match->runtime || match->runtime->in_pods)) {
		container->engine = match->runtime;
		container->runtime = runtime_find("k8s", 3);
	}
	container->id = strdup(id);
	if (match->runtime && match->runtime->id_is_name)
		container->name = strdup(id);
	return container->id ? 0 : -ENOMEM;
}

// The container of MEMBER, made if it is new.
static int take_container(struct scan *scan, const struct member *member, struct container **ret)
{
	struct container *container = calloc(1, sizeof(*container));
	int r = container ? make_key(member, container) : -ENOMEM;

	if (r < 0) {
		if (container)
			container_free(container);
		return r;
	}
	void *found = tfind(container, &scan->containers->by_key, order_key);
	if (found) {
		container_free(container);
		*ret = *(struct container **)found;
		return 0;
	}
	if ((r = describe(scan, member, container)) < 0 ||
		(r = containers_add(scan->containers, container)) < 0) {
		container_free(container);
		return r;
	}
	*ret = container;
	return 0;
}

// True when the process MEMBER is older than the leader of CONTAINER, or the first that is inside.
static bool leads(const struct scan *scan, struct container *container, const struct member *member,
	uint64_t *ret_start)
{
	bool is_foreign = member->pid_ns != 0 && member->pid_ns != scan->own_pids;
	struct container_origin origin;

	*ret_start = 0;
	if (container->leader == 0)
		return true;
	if (is_foreign != container->has_own_pids)
		return is_foreign;
	if (container->start == 0 &&
		container_origin(scan->proc_fd, container->leader, &origin) == 0)
		container->start = origin.start;
	if (container_origin(scan->proc_fd, member->pid, &origin) < 0)
		return false;
	*ret_start = origin.start;
	return container->start == 0 || origin.start < container->start ||
	       (origin.start == container->start && member->pid < container->leader);
}

static int take_process(struct scan *scan, pid_t pid)
{
	struct member member = {.pid = pid};
	struct container *container;
	uint64_t start;

	if (!look(scan, &member))
		return 0;
	int r = take_container(scan, &member, &container);
	if (r < 0)
		return r;
	container->process_count++;
	if (!leads(scan, container, &member, &start))
		return 0;
	container->leader = pid;
	container->start = start;
	container->pid_ns = member.pid_ns;
	container->has_own_pids = member.pid_ns != 0 && member.pid_ns != scan->own_pids;
	return 0;
}

static int take_processes(struct scan *scan)
{
	auto_fd int fd = openat(scan->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = dir ? 0 : -errno;

	if (dir)
		take_fd(&fd);
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		pid_t pid;
		if (number_parse_pid(entry->d_name, &pid) == 0)
			r = take_process(scan, pid);
	}
	return r;
}

static int order_leader(const void *a, const void *b)
{
	const struct container *x = *(struct container *const *)a,
			       *y = *(struct container *const *)b;

	return (x->leader > y->leader) - (x->leader < y->leader);
}

static int order_pids(const void *a, const void *b)
{
	const struct container *x = *(struct container *const *)a,
			       *y = *(struct container *const *)b;

	if (x->pid_ns != y->pid_ns)
		return x->pid_ns < y->pid_ns ? -1 : 1;
	// Those that a cgroup makes first.
	if (!x->cgroup != !y->cgroup)
		return x->cgroup ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

// Puts those of no cgroup to the container that has their PID namespace; and notes which containers
// share one.
static void merge(struct containers *containers)
{
	struct container *first = NULL;
	size_t kept = 0;

	if (containers->count > 0)
		qsort(containers->rows, containers->count, sizeof(*containers->rows), order_pids);
	for (size_t i = 0; i < containers->count; i++) {
		struct container *row = containers->rows[i];
		bool same = first && row->has_own_pids && row->pid_ns == first->pid_ns;
		if (same && !row->cgroup && row->space == row->pid_ns) {
			first->process_count += row->process_count;
			tdelete(row, &containers->by_key, order_key);
			container_free(row);
			continue;
		}
		if (same)
			row->shares_pids = first->shares_pids = true;
		else
			first = row;
		containers->rows[kept++] = row;
	}
	containers->count = kept;
}

// Notes what is ours.
static int begin(struct scan *scan)
{
	struct stat st;

	scan->own_pids = fstatat(scan->proc_fd, "self/ns/pid", &st, 0) < 0 ? 0 : st.st_ino;
	scan->own_mounts = fstatat(scan->proc_fd, "self/ns/mnt", &st, 0) < 0 ? 0 : st.st_ino;
	scan->own_users = fstatat(scan->proc_fd, "self/ns/user", &st, 0) < 0 ? 0 : st.st_ino;
	ssize_t len = fd_read_small_at(
		scan->proc_fd, "self/cgroup", scan->own_cgroups, sizeof(scan->own_cgroups));
	scan->own_cgroups_len = len > 0 ? (size_t)len : 0;
	return fstatat(scan->proc_fd, "self/root/.", &scan->own_root, 0) < 0 ? -errno : 0;
}

// Fills what is beside the leader of CONTAINER.
static void look_around(struct scan *scan, struct container *container)
{
	struct container_origin origin;
	uint64_t mounts = container_inode(scan->proc_fd, container->leader, "ns/mnt");

	container->has_own_mounts = mounts != 0 && mounts != scan->own_mounts;
	container_find_owner(scan->proc_fd, scan->own_users, container);
	if (container_origin(scan->proc_fd, container->leader, &origin) < 0)
		return;
	container->start = origin.start;
	if (scan->wanted)
		return;
	container_ask_leader(scan->proc_fd, container);
	if (origin.ppid == scan->no_monitor)
		return;
	int r = container_ask_monitor(scan->proc_fd, origin.ppid, !scan->impatient, container);
	if (r == 0)
		scan->no_monitor = origin.ppid;
	scan->impatient |= r == -ETIMEDOUT;
}

static int find(struct scan *scan)
{
	struct containers *containers = scan->containers;
	int r = begin(scan);

	if (r < 0 || (r = take_processes(scan)) < 0)
		return r;
	merge(containers);
	for (size_t i = 0; i < containers->count; i++)
		look_around(scan, containers->rows[i]);
	if (containers->count > 0)
		qsort(containers->rows, containers->count, sizeof(*containers->rows), order_leader);
	return 0;
}

static struct scan *scan_new(
	int proc_fd, const struct wanted *wanted, struct containers *containers)
{
	struct scan *scan = malloc(sizeof(*scan));

	if (scan)
		*scan = (struct scan){
			.proc_fd = proc_fd, .wanted = wanted, .containers = containers};
	return scan;
}

static int find_with(
	int proc_fd, const struct wanted *wanted, struct containers *ret, struct error *err)
{
	auto_containers struct containers containers = {0};
	auto_free struct scan *scan = scan_new(proc_fd, wanted, &containers);
	int r = scan ? find(scan) : -ENOMEM;

	if (r < 0)
		return fail_sys(err, -r, "the search", "the processes of containers");
	*ret = containers;
	containers = (struct containers){0};
	return 0;
}

int containers_find(int proc_fd, struct containers *ret, struct error *err)
{
	return find_with(proc_fd, NULL, ret, err);
}

int containers_find_cgroup(
	int proc_fd, const char *name, bool is_unit, struct containers *ret, struct error *err)
{
	const struct wanted wanted = {name, is_unit};

	return find_with(proc_fd, &wanted, ret, err);
}

bool containers_may_hold(int proc_fd, pid_t pid)
{
	struct member member = {.pid = pid};
	auto_free struct scan *scan = scan_new(proc_fd, NULL, NULL);

	return scan && begin(scan) == 0 && look(scan, &member);
}

const struct container *containers_around(
	int proc_fd, const struct containers *containers, pid_t pid)
{
	struct member member = {.pid = pid};
	struct container key = {0};
	auto_free struct scan *scan = scan_new(proc_fd, NULL, NULL);

	if (!scan || begin(scan) < 0 || !look(scan, &member) || make_key(&member, &key) < 0)
		return NULL;
	void *found = tfind(&key, &containers->by_key, order_key);
	free(key.hierarchy);
	free(key.cgroup);
	if (found)
		return *(struct container **)found;
	for (size_t i = 0; i < containers->count; i++)
		if (containers->rows[i]->has_own_pids &&
			containers->rows[i]->pid_ns == member.pid_ns)
			return containers->rows[i];
	return NULL;
}

// True when TARGET is in what makes CONTAINER one.
static bool is_in(const struct container *container, const struct target *target)
{
	char cgroups[CGROUPS_MAX];
	struct stat pids, mounts;

	if (!container->cgroup)
		return (fstatat(target->proc_fd, "ns/pid", &pids, 0) == 0 &&
			       pids.st_ino == container->space) ||
		       (fstatat(target->proc_fd, "ns/mnt", &mounts, 0) == 0 &&
			       mounts.st_ino == container->space);
	ssize_t len = fd_read_small_at(target->proc_fd, "cgroup", cgroups, sizeof(cgroups));
	const struct cgroup_row home = {.name = container->hierarchy,
		.name_len = strlen(container->hierarchy),
		.path = container->cgroup,
		.path_len = strlen(container->cgroup)};
	return len > 0 && cgroup_is_home_of(&home, cgroups, (size_t)len);
}

bool container_has(const struct container *container, const struct target *target)
{
	char text[1024];
	uint64_t start;
	ssize_t len = fd_read_small_at(target->proc_fd, "stat", text, sizeof(text));

	return target->pid == container->leader && len >= 0 &&
	       proc_stat_start(text, (size_t)len, &start) == 0 && start == container->start &&
	       is_in(container, target);
}

void container_namespaces(
	int proc_fd, const struct container *container, uint64_t ret[NSTYPE_COUNT])
{
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		char name[24];
		snprintf(name, sizeof(name), "ns/%s", nstypes[i].file);
		ret[i] = container_inode(proc_fd, container->leader, name);
	}
}
