// SPDX-License-Identifier: GPL-2.0-or-later
// Looking through the open files of all processes, once for all that is looked for.
#include "peers.h"

#include "cleanup.h"
#include "clock.h"
#include "fd.h"
#include "fdindex.h"
#include "fdinfo.h"
#include "fdwalk.h"
#include "proc_wait.h"
#include "unixpeer.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

enum {
	SCAN_MS = 150,  // each process of the host takes some 15 us (measured)
	INDEX_MS = 250, // once for all processes of a round: some 20 us
};

// An end that is looked for.
struct wanted {
	const struct context_end *end; // the one at our side
	enum context_kind kind;
	uint64_t inode; // of the pipe or FIFO, or of the other socket
	uint32_t pids[CONTEXT_PEER_MAX];
	uint32_t count, more;
	uint32_t last_pid; // that was added
};

// A process that is looked through.
struct process {
	uint32_t pid;
	int fds_fd;       // /proc/PID/fd
	bool same_mounts; // it sees the same files by the same names
};

struct search {
	struct context_run *run;
	struct process process; // the one at hand
	struct wanted wanted[CONTEXT_ENDS_MAX];
	size_t count;
	char mount_ns[64]; // the target's
	bool fifos;        // some are looked for
	bool cut;          // not all processes are in the index
};

static void mount_ns_of(int dir_fd, const char *path, char *ret, size_t size)
{
	ssize_t len = readlinkat(dir_fd, path, ret, size - 1);

	ret[len < 0 ? 0 : len] = '\0';
}

// A socket to ask the target's network namespace by, or -EBADF.
static int open_netlink(const struct context_run *run)
{
	auto_fd int ns = openat(run->target->task_fd, "ns/net", O_RDONLY | O_CLOEXEC);
	const struct timeval limit = {.tv_usec = 100000};

	// Where that is not permitted, ours may be the same.
	if (ns >= 0)
		setns(ns, CLONE_NEWNET);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return -EBADF;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static bool is_unix(const struct context_room *room, const struct context_file *file)
{
	return file->protocol != 0 && strcmp(room->texts + file->protocol, "unix") == 0;
}

static void list_wanted(struct search *search)
{
	const struct context_run *run = search->run;
	auto_fd int netlink_fd = -EBADF;

	for (size_t i = 0; i < run->end_count; i++) {
		const struct context_end *end = &run->ends[i];
		const struct context_file *file = &run->room->files[end->file];
		struct wanted wanted = {.end = end, .kind = file->kind, .inode = end->inode};
		if (wanted.kind == CONTEXT_SOCKET) {
			if (!is_unix(run->room, file) || file->other)
				continue;
			if (netlink_fd < 0)
				netlink_fd = open_netlink(run);
			wanted.inode = netlink_fd < 0 ? 0 : unixpeer_of(netlink_fd, end->inode);
		}
		search->fifos |= wanted.kind == CONTEXT_FIFO;
		if (wanted.inode != 0)
			search->wanted[search->count++] = wanted;
	}
}

// True when fd NAME of PROCESS does what is done at the end that is WANTED.
static bool does(const struct process *process, const char *name, const struct wanted *wanted)
{
	struct stat st; // of the link, whose mode is how the file is open

	if (wanted->kind == CONTEXT_SOCKET)
		return true;
	return fstatat(process->fds_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ((wanted->end->reads && (st.st_mode & S_IRUSR)) ||
		       (wanted->end->writes && (st.st_mode & S_IWUSR)));
}

static void add_peer(struct wanted *wanted, uint32_t pid)
{
	if (pid == wanted->last_pid) // its fds come one after the other
		return;
	wanted->last_pid = pid;
	if (wanted->count < CONTEXT_PEER_MAX)
		wanted->pids[wanted->count++] = pid;
	else
		wanted->more++;
}

// The inode that fdinfo tells of fd NAME of PROCESS, or 0.
static uint64_t inode_of(const struct process *process, const char *name)
{
	char path[sizeof("../fdinfo/") + NAME_MAX];
	auto_free char *text = NULL;
	size_t len;

	snprintf(path, sizeof(path), "../fdinfo/%s", name);
	if (fd_read_file_at(process->fds_fd, path, 1 << 12, &text, &len) < 0)
		return 0;
	return fdinfo_parse(text, len).inode;
}

// Adds PROCESS to what is WANTED, if its fd NAME, whose link is LINK, is at that end.
static void take_if_at(const struct search *search, const struct process *process,
	struct wanted *wanted, const char *name, const char *link)
{
	bool is;

	if (wanted->kind == CONTEXT_PIPE)
		is = proc_link_inode(link, "pipe") == wanted->inode;
	else if (wanted->kind == CONTEXT_SOCKET)
		is = proc_link_inode(link, "socket") == wanted->inode;
	else
		is = process->same_mounts &&
		     strcmp(link, search->run->room->texts + wanted->end->link) == 0 &&
		     inode_of(process, name) == wanted->inode;
	if (is && does(process, name, wanted))
		add_peer(wanted, process->pid);
}

// True when LINK can be of a file that SEARCH looks for.
static bool is_end(const struct search *search, const char *link)
{
	return strncmp(link, "pipe:[", 6) == 0 || strncmp(link, "socket:[", 8) == 0 ||
	       (search->fifos && link[0] == '/');
}

static void on_process(void *arg, pid_t pid, int fds_fd)
{
	struct search *search = arg;
	char mount_ns[64];

	search->process = (struct process){.pid = (uint32_t)pid, .fds_fd = fds_fd};
	if (search->fifos) {
		mount_ns_of(fds_fd, "../ns/mnt", mount_ns, sizeof(mount_ns));
		search->process.same_mounts =
			mount_ns[0] && strcmp(mount_ns, search->mount_ns) == 0;
	}
}

static void on_file(void *arg, const char *name, const char *link)
{
	struct search *search = arg;

	for (size_t i = 0; is_end(search, link) && i < search->count; i++)
		take_if_at(search, &search->process, &search->wanted[i], name, link);
}

// Adds the process of ROW to what is WANTED, if its fd still is at that end.
static void take_row(struct search *search, struct wanted *wanted, const struct fdindex_row *row)
{
	char path[48], name[16], link[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%u/fd", row->pid);
	auto_fd int fds_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds_fd < 0)
		return;
	on_process(search, (pid_t)row->pid, fds_fd);
	snprintf(name, sizeof(name), "%u", (unsigned)row->fd);
	ssize_t len = readlinkat(fds_fd, name, link, sizeof(link) - 1);
	link[len < 0 ? 0 : len] = '\0';
	take_if_at(search, &search->process, wanted, name, link);
}

// The key of what is WANTED in an index.
static uint64_t key_of(const struct search *search, const struct wanted *wanted)
{
	char link[48];

	if (wanted->kind == CONTEXT_FIFO)
		return fdindex_key(search->run->room->texts + wanted->end->link, search->mount_ns);
	snprintf(link, sizeof(link), "%s:[%" PRIu64 "]",
		wanted->kind == CONTEXT_PIPE ? "pipe" : "socket", wanted->inode);
	return fdindex_key(link, "");
}

// Adds ROW's process to what is WANTED. Those that are only counted are not looked at again: they
// are many, and so are those that wait with them, for each of whom they are counted.
static void add_row(struct search *search, struct wanted *wanted, const struct fdindex_row *row)
{
	unsigned modes = (wanted->end->reads ? FDINDEX_READS : 0u) |
			 (wanted->end->writes ? FDINDEX_WRITES : 0u);

	if (wanted->kind != CONTEXT_SOCKET && !(row->modes & modes))
		return;
	if (wanted->count < CONTEXT_PEER_MAX)
		take_row(search, wanted, row);
	else
		add_peer(wanted, row->pid);
}

// The same as the walk, where an index says to look. Returns whether there is one.
static bool look_up(struct search *search)
{
	struct fdindex index = {0};

	if (search->run->index_fd < 0 || fdindex_open(search->run, &index) < 0)
		return false;
	for (size_t i = 0; i < search->count; i++) {
		struct wanted *wanted = &search->wanted[i];
		size_t count;
		const struct fdindex_row *rows =
			fdindex_find(&index, key_of(search, wanted), &count);
		for (size_t j = 0; j < count && !context_is_late(search->run); j++)
			add_row(search, wanted, &rows[j]);
	}
	search->cut = index.cut;
	fdindex_fini(&index);
	return true;
}

// Gives what was found to the rows.
static void put_peers(struct search *search)
{
	static const char cut[] = "not all processes were looked at in time";
	struct context_room *room = search->run->room;
	bool is_cut = search->cut || context_is_late(search->run);

	for (size_t i = 0; i < search->count; i++) {
		const struct wanted *wanted = &search->wanted[i];
		struct context_range range = {.first = room->peer_count, .more = wanted->more};
		for (uint32_t j = 0; j < wanted->count; j++)
			range.count += context_add_peer(room, wanted->pids[j]);
		room->files[wanted->end->file].peers = range;
		if (is_cut)
			room->files[wanted->end->file].detail =
				context_add_text(room, cut, sizeof(cut));
	}
}

void peers_find(struct context_run *run)
{
	auto_free struct search *search = calloc(1, sizeof(*search));
	const struct fdwalk_visitor visitor = {on_process, on_file, search};

	if (!search)
		return;
	search->run = run;
	list_wanted(search);
	uint32_t scan_ms = run->index_fd < 0 ? SCAN_MS : INDEX_MS;
	uint64_t limit_us = clock_now_us() + scan_ms * UINT64_C(1000);
	if (limit_us < run->deadline_us)
		run->deadline_us = limit_us;
	if (search->fifos)
		mount_ns_of(
			run->target->task_fd, "ns/mnt", search->mount_ns, sizeof(search->mount_ns));
	if (search->count > 0 && !look_up(search))
		fdwalk_all(run, &visitor);
	put_peers(search);
}
