// SPDX-License-Identifier: GPL-2.0-or-later
// Reading the processes of a container.
#include "processes.h"

#include "cleanup.h"
#include "fd.h"
#include "subtask.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum {
	BATCH = 256,     // processes that one child reads
	BATCH_MS = 1000, // in this time
	HELD_UP_MAX = 4, // children that are waited for in vain
};

// What the children write. A count is moved on when what it counts is there.
struct process_room {
	struct members *members;
	size_t size;   // of this
	size_t at;     // the member that is looked at
	size_t end;    // the first that is not to be
	bool has_row;  // of that member
	bool no_words; // no command lines are read any more
	size_t count;  // rows
	size_t texts_len;
	size_t unread;
	int unread_errnum;
	struct process_row *rows;
	char texts[PROCESS_ALL_WORDS_MAX];
};

static uint64_t namespace_of(const struct target *target, const char *path)
{
	struct stat st;

	return fstatat(target->task_fd, path, &st, 0) < 0 ? 0 : st.st_ino;
}

int process_row_read(const struct target *target, struct process_row *ret)
{
	struct process_row row = {.pid = target->pid, .status = target->status};
	char stat[1024];
	ssize_t len = fd_read_small_at(target->proc_fd, "stat", stat, sizeof(stat));
	int r = len < 0 ? (int)len : proc_stat_start(stat, (size_t)len, &row.start_ticks);

	if (r == 0)
		r = proc_stat_cpu(stat, (size_t)len, &row.cpu_ticks);
	if (r < 0)
		return r;
	if (target_pidfd_inode(target, &row.pidfd_inode) < 0)
		row.pidfd_inode = 0;
	row.pid_ns = namespace_of(target, "ns/pid");
	row.user_ns = namespace_of(target, "ns/user");
	*ret = row;
	return 0;
}

enum process_words process_words_read(
	const struct target *target, char *buffer, size_t size, uint32_t *ret_len)
{
	auto_fd int fd = openat(target->task_fd, "cmdline", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t len = fd < 0 ? -1 : fd_read_exact(fd, buffer, size);
	char more;

	if (len < 0)
		return PROCESS_WORDS_UNKNOWN;
	bool is_cut = (size_t)len == size && fd_read_exact(fd, &more, 1) > 0;
	while (!is_cut && len > 0 && buffer[len - 1] == '\0')
		len--;
	*ret_len = (uint32_t)len;
	return is_cut ? PROCESS_WORDS_CUT : PROCESS_WORDS_WHOLE;
}

// The threads of TARGET may go on when its main thread has exited; memory is theirs then.
static void look_at_live_thread(struct target *target)
{
	const struct proc_status main = target->status;

	if (main.state != 'Z' || main.threads < 2 || target_follow(target, NULL) < 0)
		return;
	target->status.ppid = main.ppid;
	memcpy(target->status.name, main.name, sizeof(main.name));
	memcpy(target->status.ns_pid, main.ns_pid, sizeof(main.ns_pid));
	target->status.ns_pid_count = main.ns_pid_count;
}

static void read_words(
	struct process_room *room, const struct target *target, struct process_row *row)
{
	size_t left = sizeof(room->texts) - room->texts_len;
	size_t size = left < PROCESS_WORDS_MAX ? left : PROCESS_WORDS_MAX;
	uint32_t len = 0;

	row->words_at = room->texts_len;
	enum process_words known =
		process_words_read(target, room->texts + room->texts_len, size, &len);
	row->words_len = len;
	room->texts_len += len;
	row->words_known = known;
}

static void read_member(struct process_room *room, pid_t pid)
{
	auto_target struct target target = TARGET_EMPTY;
	struct process_row *row = &room->rows[room->count];
	struct error err = {0};
	room->has_row = false;
	int r = target_open_any(pid, &target, &err);

	if (r == 0 && !members_has(room->members, &target))
		r = -ESRCH; // somebody else has the number by now
	if (r == 0)
		look_at_live_thread(&target);
	if (r == 0)
		r = process_row_read(&target, row);
	if (r == 0) {
		room->count++;
		room->has_row = true;
		if (!room->no_words)
			read_words(room, &target, row);
		// It has none to be read when it has ended meanwhile.
		if (row->words_known == PROCESS_WORDS_UNKNOWN &&
			target_verify(&target, NULL) == -ESRCH) {
			room->has_row = false;
			room->count--;
		}
	} else if (r != -ESRCH && r != -ENOENT) {
		room->unread++;
		room->unread_errnum = -r;
	}
}

static int read_batch(void *arg)
{
	struct process_room *room = arg;

	for (; room->at < room->end; room->at++)
		read_member(room, room->members->pids[room->at]);
	return 0;
}

// Goes on behind a member that has held up its reader.
static void pass_over(struct process_room *room)
{
	size_t left = sizeof(room->texts) - room->texts_len;

	if (!room->has_row) {
		room->unread++;
		room->unread_errnum = ETIMEDOUT;
	}
	// A file system that has not let go of the reader yet may still write for it.
	room->texts_len += left < PROCESS_WORDS_MAX ? left : PROCESS_WORDS_MAX;
	room->at++;
}

static int read_all(struct process_room *room)
{
	size_t count = room->members->count;
	int held_up = 0;

	while (room->at < count) {
		room->end = count - room->at < BATCH ? count : room->at + BATCH;
		int r = subtask_run(read_batch, room, BATCH_MS);
		if (r < 0 && r != -ETIMEDOUT)
			return r;
		if (r == 0)
			continue;
		pass_over(room);
		room->no_words = ++held_up == HELD_UP_MAX;
	}
	return 0;
}

static void *map_room(size_t size)
{
	void *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

int processes_read(struct members *members, struct processes *ret, struct error *err)
{
	size_t size = sizeof(struct process_room) + members->count * sizeof(struct process_row);
	struct process_room *room = map_room(size);
	int r = room ? 0 : -ENOMEM;

	if (r == 0) {
		room->members = members;
		room->size = size;
		room->rows = (void *)(room + 1);
		r = read_all(room);
	}
	if (r < 0) {
		if (room)
			munmap(room, size);
		return fail_sys(err, -r, "reading", "the processes of a container");
	}
	*ret = (struct processes){.room = room,
		.rows = room->rows,
		.texts = room->texts,
		.count = room->count,
		.unread = room->unread,
		.unread_errnum = room->unread_errnum};
	return 0;
}

void processes_fini(struct processes *processes)
{
	if (processes->room)
		munmap(processes->room, processes->room->size);
	*processes = (struct processes){0};
}
