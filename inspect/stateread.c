// SPDX-License-Identifier: GPL-2.0-or-later
// The keeper of the process that reads state files.
#include "stateread.h"

#include "cleanup.h"
#include "fd.h"
#include "sys.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum {
	DATA_LEN = 32 << 20, // contents of files at a time
	WAIT_MS = 10000,     // for a child, which may use less of its CPU
	CHILDREN_MAX = 16,   // for files that end them
};

bool state_record_is_valid(const struct state_record *record)
{
	return record->trouble < STATE_TROUBLES && record->pid >= 0 &&
	       memchr(record->id, '\0', sizeof(record->id)) &&
	       memchr(record->name, '\0', sizeof(record->name));
}

int state_reader_open(
	int (*live)(struct state_work *work), struct state_reader *ret, struct error *err)
{
	void *memory = mmap(NULL, sizeof(struct state_work) + DATA_LEN, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return fail_sys(err, errno, "mmap", "the contents of state files");
	*ret = (struct state_reader){.work = memory, .live = live};
	return 0;
}

void state_reader_close(struct state_reader *reader)
{
	if (reader->work)
		munmap(reader->work, sizeof(*reader->work) + DATA_LEN);
	*reader = (struct state_reader){0};
}

int state_reader_add(struct state_reader *reader, enum state_kind kind, int fd)
{
	struct state_work *work = reader->work;
	size_t room = DATA_LEN - reader->used;

	if (work->count == STATE_FILES_MAX || room <= STATE_FILE_MAX)
		return -ENOBUFS;
	ssize_t len = fd_read_exact(fd, work->data + reader->used, STATE_FILE_MAX + 1);
	if (len < 0 || len > STATE_FILE_MAX)
		return len < 0 ? (int)len : -EFBIG;
	work->files[work->count].kind = kind;
	work->files[work->count].at = reader->used;
	work->files[work->count].len = (size_t)len;
	reader->used += (size_t)len;
	return (int)work->count++;
}

// Waits for the end of PID, and ends it when it takes too long. Returns whether all was well.
static bool await(pid_t pid)
{
	auto_fd int pidfd = sys_pidfd_open(pid, 0);
	struct pollfd poller = {.fd = pidfd, .events = POLLIN};
	int status = 0, r;

	do
		r = poll(&poller, 1, WAIT_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0;
}

// What is taken of the records of one child.
struct taking {
	void (*take)(void *arg, const struct state_record *record);
	void *arg;
};

// Hands out the records of the files before END; what a child that did not come to its end said of
// the last one is left out.
static void hand_out(
	const struct state_work *work, uint32_t first, uint32_t end, const struct taking *taking)
{
	uint32_t count = work->record_count;

	for (uint32_t i = 0; i < count && i < STATE_RECORDS_MAX; i++) {
		struct state_record record = work->records[i];
		if (record.file >= first && record.file < end && state_record_is_valid(&record))
			taking->take(taking->arg, &record);
	}
}

static void give_up(uint32_t file, const struct taking *taking)
{
	const struct state_record record = {.file = file, .trouble = STATE_NO_SENSE};

	taking->take(taking->arg, &record);
}

// Runs a child on the files from FIRST on. Returns the file behind the last one that is dealt with,
// or -errno when there can be no child.
static int run_child(
	struct state_reader *reader, uint32_t first, uint32_t count, const struct taking *taking)
{
	struct state_work *work = reader->work;

	work->keeper = getpid();
	work->first = work->current = first;
	work->count = count;
	work->record_count = 0;
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(reader->live(work));
	bool is_well = await(pid);
	uint32_t end = work->current;
	if (is_well || end >= count || end < first)
		end = is_well ? count : first;
	hand_out(work, first, end, taking);
	if (!is_well)
		give_up(end, taking);
	return (int)(is_well ? end : end + 1);
}

int state_reader_run(struct state_reader *reader,
	void (*take)(void *arg, const struct state_record *record), void *arg, struct error *err)
{
	const struct taking taking = {take, arg};
	uint32_t count = reader->work->count, done = 0;
	int children = 0, r = 0;

	while (done < count && children++ < CHILDREN_MAX && r >= 0) {
		r = run_child(reader, done, count, &taking);
		if (r >= 0)
			done = (uint32_t)r;
	}
	for (; r >= 0 && done < count; done++)
		give_up(done, &taking);
	reader->work->count = 0;
	reader->used = 0;
	return r < 0 ? fail_sys(err, -r, "fork", "the process that reads state files") : 0;
}
