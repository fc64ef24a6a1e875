// SPDX-License-Identifier: GPL-2.0-or-later
#include "work.h"

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned char image[] = {1, 2, 3};
static char path[] = "/lib/a";
static struct snapshot_module modules[] = {
	{.path = path, .fd = 7, .start = 0x1000},
	{.source = SNAPSHOT_SOURCE_MEMORY, .image = image, .image_len = sizeof(image), .fd = -1},
};
static struct snapshot_map maps[] = {{.start = 1, .end = 2}, {.start = 3, .end = 4}};
static struct snapshot_thread threads[] = {{.tid = 11}, {.tid = 12}, {.tid = 13}};
static unsigned char stacks[100];
static struct parked_row rows[] = {{.id = 7}, {.id = 8}};
static const struct worker_options options = {.max_frames = 5};

static bool is_in(const struct work_memory *memory, const void *pointer)
{
	const unsigned char *start = (const unsigned char *)memory->work;

	return (const unsigned char *)pointer > start &&
	       (const unsigned char *)pointer < start + memory->len;
}

static struct work_memory open_memory(void)
{
	struct work_memory memory = {0};

	check_int(work_open(&options, &memory), 0);
	return memory;
}

Test(work, holds_copies)
{
	const struct snapshot snapshot = {.pid = 9,
		.modules = modules,
		.module_count = 2,
		.maps = maps,
		.map_count = 2,
		.threads = threads,
		.thread_count = 3,
		.stacks = stacks,
		.stacks_len = sizeof(stacks),
		.parked = {
			.there = true, .rows = rows, .count = 2, .stacks = image, .stacks_len = 3}};
	struct work_memory memory = open_memory();
	const struct snapshot *ours = &memory.work->snapshot;

	check_int(memory.work->options.max_frames, 5);
	memset(stacks, 's', sizeof(stacks));
	for (int round = 0; round < 2; round++) { // the second one replaces the first
		check_int(work_put_modules(&memory, &snapshot), 0);
		check_int(ours->thread_count, 0);
		check_false(ours->parked.there);
		check_int(work_put_threads(&memory, &snapshot), 0);
	}
	check_int(ours->pid, 9);
	check_int(ours->module_count, 2);
	check_str(ours->modules[0].path, path);
	check_true(is_in(&memory, ours->modules[0].path) && is_in(&memory, ours->modules));
	check_int(ours->modules[0].fd, 7);
	check_true(!ours->modules[1].path && is_in(&memory, ours->modules[1].image));
	check_int(memcmp(ours->modules[1].image, image, sizeof(image)), 0);
	check_int(ours->map_count, 2);
	check_u64(ours->maps[1].end, 4);
	check_int(ours->thread_count, 3);
	check_int(ours->threads[2].tid, 13);
	check_true(is_in(&memory, ours->stacks) && is_in(&memory, ours->threads));
	check_int(memcmp(ours->stacks, stacks, sizeof(stacks)), 0);
	check_int(ours->parked.count, 2);
	check_true(is_in(&memory, ours->parked.rows) && is_in(&memory, ours->parked.stacks));
	check_u64(ours->parked.rows[1].id, 8);
	check_int(memcmp(ours->parked.stacks, image, sizeof(image)), 0);
	work_close(&memory);
	work_close(&memory);
}

Test(work, what_is_in_the_room_stays_there)
{
	struct work_memory memory = open_memory();
	size_t len;
	struct snapshot snapshot = {.stacks = work_room(&memory, &len), .stacks_len = 3};

	memcpy(snapshot.stacks, "abc", 3);
	check_int(work_put_modules(&memory, &snapshot), 0);
	check_int(work_put_threads(&memory, &snapshot), 0);
	check_true(memory.work->snapshot.stacks == snapshot.stacks);
	check_int(memcmp(memory.work->snapshot.stacks, "abc", 3), 0);
	work_close(&memory);
}

// What the child, to which the file is given, finds of what was put after that.
static int read_as_worker(const struct work_memory *memory, int reader, int go)
{
	const struct snapshot *told = &memory->work->snapshot;
	char byte;

	if (read(go, &byte, 1) != 1 || work_take_file(memory->work, reader) < 0)
		return 1;
	return told->thread_count == 3 && told->threads[2].tid == 13 && told->module_count == 2 &&
			       strcmp(told->modules[0].path, path) == 0 &&
			       memcmp(told->stacks, "abc", 3) == 0
		       ? 0
		       : 2;
}

// The worker is there before the file is; what is written to that is in the room of both.
Test(work, a_file_is_shared)
{
	struct work_memory memory = open_memory();
	int ends[2], number, status;
	size_t len;
	struct snapshot snapshot = {.pid = 9,
		.modules = modules,
		.module_count = 2,
		.threads = threads,
		.thread_count = 3,
		.stacks = work_room(&memory, &len),
		.stacks_len = 3};

	check_int(pipe(ends), 0);
	check_int(work_put_modules(&memory, &snapshot), 0); // of another process, before
	check_int(work_put_threads(&memory, &snapshot), 0);
	pid_t pid = fork();
	if (pid == 0) { // the fd has to come to it by its number
		if (read(ends[0], &number, sizeof(number)) != sizeof(number))
			_exit(3);
		char file[64];
		snprintf(file, sizeof(file), "/proc/%d/fd/%d", getppid(), number);
		_exit(read_as_worker(&memory, open(file, O_RDONLY | O_CLOEXEC), ends[0]));
	}
	// Where it may write, it says something else.
	memory.work->room = stacks;
	memory.work->room_len = sizeof(stacks);
	check_int(work_use_file(&memory), 0);
	if (memory.file < 0)
		cannot_run("overcommitted memory");
	memory.work->room = snapshot.stacks;
	memory.work->room_len = len;
	const int file = memory.file;
	check_int(pwrite(file, "other", 5, 0), 5);
	check_int(work_use_file(&memory), 0); // it is emptied
	check_int(memory.file, file);
	check_int(pwrite(file, "abc", 3, 0), 3);
	check_int(ftruncate(file, (off_t)len), 0);
	check_int(memcmp(snapshot.stacks, "abc\0\0", 5), 0);
	check_int(snapshot.stacks[len - 1], 0);
	check_int(memory.work->options.max_frames, 5);
	check_int(write(ends[1], &file, sizeof(file)), sizeof(file));
	check_int(work_put_modules(&memory, &snapshot), 0);
	check_int(work_put_threads(&memory, &snapshot), 0);
	check_true(is_in(&memory, memory.work->snapshot.threads));
	check_int(write(ends[1], "g", 1), 1);
	check_int(waitpid(pid, &status, 0), pid);
	check_int(status, 0);
	work_close(&memory);
	check_int(fcntl(file, F_GETFD), -1);
}

// What was never opened has no fds: 0 is somebody else's.
Test(work, nothing_to_close)
{
	struct work_memory memory = {0};
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	check_int(dup2(fd, 0), 0);
	work_close(&memory);
	check_true(fcntl(0, F_GETFD) >= 0);
	close(fd);
}

// Stacks from elsewhere are copied there as well.
Test(work, a_file_is_made_long_enough)
{
	const struct snapshot snapshot = {.stacks = stacks, .stacks_len = sizeof(stacks)};
	struct work_memory memory = open_memory();
	size_t len;

	memset(stacks, 's', sizeof(stacks));
	check_int(work_use_file(&memory), 0);
	check_int(work_put_modules(&memory, &snapshot), 0);
	check_int(work_put_threads(&memory, &snapshot), 0);
	check_int(memcmp(work_room(&memory, &len), stacks, sizeof(stacks)), 0);
	work_close(&memory);
}

Test(work, what_does_not_fit_is_refused)
{
	struct work_memory memory = open_memory();
	size_t len;
	work_room(&memory, &len);
	const struct snapshot large_stacks = {.stacks = stacks, .stacks_len = len + 1};
	const struct snapshot many_threads = {
		.threads = threads, .thread_count = memory.room_at / sizeof(threads[0]) + 1};
	const struct snapshot many_goroutines = {
		.parked = {.there = true, .stacks = stacks, .stacks_len = memory.room_at + 1}};
	const struct snapshot many_maps = {
		.maps = maps, .map_count = memory.room_at / sizeof(maps[0]) + 1};

	check_int(work_put_modules(&memory, &many_maps), -ENOMEM);
	check_int(memory.work->snapshot.map_count, 0);
	check_int(work_put_threads(&memory, &large_stacks), -ENOMEM);
	check_int(work_put_threads(&memory, &many_threads), -ENOMEM);
	check_int(work_put_threads(&memory, &many_goroutines), -ENOMEM);
	check_int(memory.work->snapshot.thread_count, 0);
	work_close(&memory);
}

// What was put is written again from what nspeek has kept, whatever a worker has made of it.
Test(work, what_a_worker_writes_there_is_not_read)
{
	const struct snapshot snapshot = {.pid = 9,
		.modules = modules,
		.module_count = 2,
		.threads = threads,
		.thread_count = 3};
	struct work_memory memory = open_memory();
	size_t len, len_before;
	unsigned char *room = work_room(&memory, &len_before);

	for (int fill = 0; fill <= 0xff; fill += 0xff) {
		check_int(work_put_modules(&memory, &snapshot), 0);
		memset(memory.work, fill, sizeof(*memory.work));
		check_int(work_put_threads(&memory, &snapshot), 0);
		check_int(memory.work->snapshot.pid, 9);
		check_int(memory.work->snapshot.module_count, 2);
		check_true(is_in(&memory, memory.work->snapshot.modules));
		check_true(is_in(&memory, memory.work->snapshot.threads));
		check_true(work_room(&memory, &len) == room && len == len_before);
	}
	work_close(&memory);
}
