// SPDX-License-Identifier: GPL-2.0-or-later
// Going through /proc/locks.
#include "filelocks.h"

#include "cleanup.h"
#include "fd.h"
#include "fdinfo.h"
#include "lockrow.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <stdio.h>

enum { LOCKS_MAX = 16 << 20 };

// What a thread waits for.
struct request {
	pid_t pid;
	enum lockrow_kind kind;
	uint64_t inode;
};

// The kind of lock that THREAD waits for, LOCKROW_OTHER when it waits for none.
static enum lockrow_kind kind_of(const struct snapshot_thread *thread)
{
	uint64_t nr = snapshot_call_nr(thread);

	if (thread->status != SNAPSHOT_THREAD_CAPTURED || !thread->in_syscall)
		return LOCKROW_OTHER;
	if (nr == __NR_flock)
		return LOCKROW_FLOCK;
	if (nr != __NR_fcntl)
		return LOCKROW_OTHER;
	switch ((int)thread->syscall_args[1]) {
	case F_SETLKW:
		return LOCKROW_POSIX;
	case F_OFD_SETLKW:
		return LOCKROW_OFD;
	default:
		return LOCKROW_OTHER;
	}
}

// The lock that REQUEST waits for: the id of the row that waits. Returns whether there is just one.
static bool find_waiting(const char *text, size_t len, const struct request *request, uint64_t *ret)
{
	const char *cursor = text;
	size_t count = 0;
	struct lockrow row;

	while (lockrow_next(&cursor, text + len, &row)) {
		bool is = row.waiting && row.kind == request->kind && row.inode == request->inode &&
			  (row.pid == request->pid || request->kind == LOCKROW_OFD);
		if (!is || (count > 0 && row.id == *ret))
			continue;
		*ret = row.id;
		count++;
	}
	return count == 1;
}

// Adds those who hold lock ID.
static struct context_range add_holders(
	struct context_run *run, const char *text, size_t len, uint64_t id)
{
	struct context_range range = {.first = run->room->peer_count};
	const char *cursor = text;
	struct lockrow row;

	while (lockrow_next(&cursor, text + len, &row)) {
		if (row.waiting || row.id != id || row.pid <= 0)
			continue;
		if (range.count < CONTEXT_PEER_MAX &&
			context_add_peer(run->room, (uint32_t)row.pid))
			range.count++;
		else
			range.more++;
	}
	return range;
}

// The inode of fd FD of thread TID, or 0.
static uint64_t inode_of(const struct context_run *run, pid_t tid, uint32_t fd)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "task/%d/fdinfo/%u", tid, fd);
	ssize_t len = fd_read_small_at(run->target->proc_fd, path, text, sizeof(text));
	return len < 0 ? 0 : fdinfo_parse(text, (size_t)len).inode;
}

void filelocks_find(struct context_run *run)
{
	const struct snapshot *snapshot = run->snapshot;
	auto_free char *text = NULL;
	size_t len = 0;

	for (size_t i = 0; i < snapshot->thread_count && !context_is_late(run); i++) {
		const struct snapshot_thread *thread = &snapshot->threads[i];
		struct request request = {.pid = snapshot->pid, .kind = kind_of(thread)};
		uint64_t id = 0;
		// One that has gone on meanwhile has no files any more.
		if (request.kind == LOCKROW_OTHER || run->room->waits[i].files.count == 0)
			continue;
		request.inode = inode_of(run, thread->tid, (uint32_t)thread->syscall_args[0]);
		if (!text && fd_read_file_at(AT_FDCWD, "/proc/locks", LOCKS_MAX, &text, &len) < 0)
			return;
		if (request.inode != 0 && find_waiting(text, len, &request, &id))
			run->room->waits[i].holders = add_holders(run, text, len, id);
	}
}
