// SPDX-License-Identifier: GPL-2.0-or-later
// Links and fdinfo.
#include "filerow.h"

#include "cleanup.h"
#include "fd.h"
#include "fdinfo.h"
#include "proc_wait.h"
#include "signames.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
	INFO_MAX = 64 << 10,  // bytes of fdinfo of a file that watches nothing
	EPOLL_MAX = 64 << 20, // of one that does
	DETAIL_SIZE = 256,
};

// What stands in the link of a file without a name.
static const struct {
	const char *link; // as it begins
	enum context_kind kind;
} links[] = {
	{"pipe:[", CONTEXT_PIPE},
	{"socket:[", CONTEXT_SOCKET},
	{"anon_inode:[eventpoll]", CONTEXT_EPOLL},
	{"anon_inode:[eventfd]", CONTEXT_EVENTFD},
	{"anon_inode:[timerfd]", CONTEXT_TIMERFD},
	{"anon_inode:[signalfd]", CONTEXT_SIGNALFD},
	{"anon_inode:inotify", CONTEXT_INOTIFY},
	{"anon_inode:[pidfd]", CONTEXT_PIDFD},
	{"pidfd:[", CONTEXT_PIDFD},
	{"/", CONTEXT_PATH},
};

static enum context_kind kind_of(const char *link)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (strncmp(link, links[i].link, strlen(links[i].link)) == 0)
			return links[i].kind;
	return CONTEXT_OTHER;
}

// Reads the fdinfo of REQUEST, at most MAX bytes, into a new *RET of *RET_LEN bytes. Returns
// -errno.
static int read_info(const struct context_run *run, const struct filerow_request *request,
	size_t max, char **ret, size_t *ret_len)
{
	char path[64];

	snprintf(path, sizeof(path), "task/%d/fdinfo/%u", request->tid, request->fd);
	return fd_read_file_at(run->target->proc_fd, path, max, ret, ret_len);
}

// What fdinfo says of a file of KIND, in words; empty when nothing.
static void detail_of(enum context_kind kind, const struct fdinfo *info, char *text, size_t size)
{
	static const double per_second = 1e9;
	char signals[DETAIL_SIZE - 16];

	text[0] = '\0';
	if (kind == CONTEXT_EVENTFD && info->has_eventfd)
		snprintf(text, size, "count %llu", (unsigned long long)info->eventfd_count);
	if (kind == CONTEXT_SIGNALFD && info->has_sigmask)
		snprintf(text, size, "%s", signames_of(info->sigmask, signals, sizeof(signals)));
	if (kind == CONTEXT_INOTIFY)
		snprintf(text, size, "%zu watches", info->inotify_watches);
	if (kind != CONTEXT_TIMERFD || !info->has_timer)
		return;
	if (info->timer_ns == 0)
		snprintf(text, size, info->timer_ticks > 0 ? "expired" : "disarmed");
	else
		snprintf(text, size, "expires in %.3f s", (double)info->timer_ns / per_second);
}

static void describe_info(
	struct context_run *run, const struct filerow_request *request, struct context_file *row)
{
	auto_free char *text = NULL;
	char detail[DETAIL_SIZE];
	size_t len;

	if (read_info(run, request, INFO_MAX, &text, &len) < 0)
		return;
	const struct fdinfo info = fdinfo_parse(text, len);
	detail_of(row->kind, &info, detail, sizeof(detail));
	row->detail = context_add_text(run->room, detail, sizeof(detail));
	if (row->kind != CONTEXT_PIDFD || !info.has_pid || info.pid <= 0)
		return;
	uint32_t first = run->room->peer_count;
	if (context_add_peer(run->room, (uint32_t)info.pid))
		row->peers = (struct context_range){first, 1, 0};
}

// Notes that the file of ROW, whose link is LINK, has another end.
static void note_end(struct context_run *run, const struct filerow_request *request,
	const struct context_file *row, const char *link)
{
	struct context_end end = {.file = (uint32_t)(row - run->room->files)};
	auto_free char *text = NULL;
	size_t len;

	if (run->end_count == CONTEXT_ENDS_MAX)
		return;
	if (row->kind == CONTEXT_SOCKET) {
		end.inode = proc_link_inode(link, "socket");
	} else if (read_info(run, request, INFO_MAX, &text, &len) == 0) {
		const struct fdinfo info = fdinfo_parse(text, len);
		end.reads = (info.flags & O_ACCMODE) != O_RDONLY;
		end.writes = (info.flags & O_ACCMODE) != O_WRONLY;
		end.inode = row->kind == CONTEXT_PIPE ? proc_link_inode(link, "pipe") : info.inode;
		end.link =
			row->kind == CONTEXT_FIFO ? context_add_text(run->room, link, PATH_MAX) : 0;
	}
	if (end.inode != 0)
		run->ends[run->end_count++] = end;
}

// Reads where fd of REQUEST leads to LINK of PATH_MAX bytes. Returns its length, or -errno.
static ssize_t read_link(
	const struct context_run *run, const struct filerow_request *request, char *link)
{
	char path[64];

	snprintf(path, sizeof(path), "task/%d/fd/%u", request->tid, request->fd);
	ssize_t len = readlinkat(run->target->proc_fd, path, link, PATH_MAX - 1);
	if (len < 0)
		return -errno;
	link[len] = '\0';
	return len;
}

// Everything but what an epoll instance watches.
static void describe_flat(
	struct context_run *run, const struct filerow_request *request, struct context_file *row)
{
	char link[PATH_MAX];

	*row = (struct context_file){.fd = request->fd, .events = request->events};
	if (read_link(run, request, link) < 0)
		return;
	enum context_kind kind = kind_of(link);
	row->kind = (uint8_t)(kind == CONTEXT_PATH && request->fifo ? CONTEXT_FIFO : kind);
	row->path = context_add_text(run->room,
		kind == CONTEXT_PATH ? proc_path_below(link, run->root) : link, PATH_MAX);
	if (kind >= CONTEXT_EVENTFD && kind <= CONTEXT_PIDFD)
		describe_info(run, request, row);
	if (row->kind >= CONTEXT_FIFO && row->kind <= CONTEXT_SOCKET)
		note_end(run, request, row, link);
}

// True when ROW is of the file with INODE that was added to be watched.
static bool is_watched(const struct context_run *run, const struct filerow_request *request,
	const struct context_file *row, uint64_t inode)
{
	const char *link = run->room->texts + row->path;
	auto_free char *text = NULL;
	size_t len;

	if (inode == 0)
		return row->kind != CONTEXT_UNKNOWN;
	if (row->kind == CONTEXT_SOCKET)
		return proc_link_inode(link, "socket") == inode;
	if (row->kind == CONTEXT_PIPE)
		return proc_link_inode(link, "pipe") == inode;
	if (row->kind == CONTEXT_UNKNOWN || read_info(run, request, EPOLL_MAX, &text, &len) < 0)
		return false;
	uint64_t now = fdinfo_parse(text, len).inode;
	return now == 0 || now == inode;
}

static void describe_watched(
	struct context_run *run, const struct filerow_request *request, struct context_file *row)
{
	auto_free char *text = NULL;
	struct fdinfo_watch watches[CONTEXT_LIST_MAX];
	uint32_t count = 0, more = 0;
	size_t len;

	if (read_info(run, request, EPOLL_MAX, &text, &len) < 0)
		return;
	const char *cursor = text;
	struct fdinfo_watch watch;
	while (fdinfo_watch_next(&cursor, text + len, &watch))
		if (count < CONTEXT_LIST_MAX)
			watches[count++] = watch;
		else
			more++;
	struct context_file *rows = context_add_files(run->room, count);
	if (!rows) {
		row->watched.more = count + more;
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct filerow_request one = {
			.tid = request->tid, .fd = watches[i].fd, .events = watches[i].events};
		describe_flat(run, &one, &rows[i]);
		rows[i].other = !is_watched(run, &one, &rows[i], watches[i].inode);
	}
	row->watched = (struct context_range){(uint32_t)(rows - run->room->files), count, more};
}

void filerow_describe(
	struct context_run *run, const struct filerow_request *request, struct context_file *row)
{
	static const char held[] = "what it watches was not looked at: its lock may be held";

	describe_flat(run, request, row);
	if (row->kind == CONTEXT_EPOLL && run->epoll_held)
		row->detail = context_add_text(run->room, held, sizeof(held));
	else if (row->kind == CONTEXT_EPOLL)
		describe_watched(run, request, row);
}
