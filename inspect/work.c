// SPDX-License-Identifier: GPL-2.0-or-later
// Memory for work: what is put there is never taken out again.
#include "work.h"

#include "cleanup.h"
#include "memfile.h"
#include "sys.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGNMENT = 16 };

// What the memory begins with: pages that the worker may write to.
struct head {
	struct work work;
	struct work_place place;
};

enum { HEAD_LEN = 65536 }; // the largest page
static_assert(sizeof(struct head) <= HEAD_LEN, "the head has room");

// The memory that is asked for: the stacks' room is what remains. Nothing of it is used until it is
// written to, but where the kernel promises no memory that it may not have, less must do.
static const size_t LEN_MAX = (size_t)1 << 32, LEN_MIN = (size_t)1 << 27;

int work_open(const struct worker_options *options, struct work_memory *ret)
{
	for (size_t len = LEN_MAX; len >= LEN_MIN; len /= 2) {
		void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (memory == MAP_FAILED)
			continue;
		struct head *head = memory;
		*ret = (struct work_memory){.work = &head->work,
			.len = len,
			.file = -EBADF,
			.reader = -EBADF,
			.used = HEAD_LEN,
			.room_at = len / 8,
			.place = &head->place};
		work_begin(ret, options);
		return 0;
	}
	return -ENOMEM;
}

void work_begin(struct work_memory *memory, const struct worker_options *options)
{
	*memory->work = (struct work){.socket = -EBADF,
		.options = *options,
		.place = memory->place,
		.fixed = (unsigned char *)memory->work + HEAD_LEN,
		.fixed_len = memory->len - HEAD_LEN};
	memory->work->room = work_room(memory, &memory->work->room_len);
	*memory->place = (struct work_place){.module = WORK_NO_MODULE};
}

// Maps FILE over the LEN bytes at ROOM.
static int map_file(unsigned char *room, size_t len, int prot, int file)
{
	const int flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE;

	if (mmap(room, len, prot, flags, file, 0) == MAP_FAILED)
		return -errno;
	madvise(room, len, MADV_NOHUGEPAGE); // what is not there comes in small pages
	return 0;
}

int work_use_file(struct work_memory *memory)
{
	size_t len;
	unsigned char *room = work_room(memory, &len);

	if (memory->file >= 0)
		return ftruncate(memory->file, 0) < 0 ? -errno : 0;
	auto_fd int file = memfile_open_growing(len);
	auto_fd int reader = file < 0 ? -EBADF : memfile_reopen(file);
	if (reader < 0)
		return 0;
	int r = map_file(room, len, PROT_READ | PROT_WRITE, file);
	if (r == 0) {
		memory->file = take_fd(&file);
		memory->reader = take_fd(&reader);
	}
	return r;
}

int work_take_file(const struct work *work, int reader)
{
	return map_file(work->room, work->room_len, PROT_READ, reader);
}

void work_close(struct work_memory *memory)
{
	if (!memory->work)
		return; // then its fds are none
	munmap(memory->work, memory->len);
	close_fd(&memory->file);
	close_fd(&memory->reader);
	memory->work = NULL;
}

unsigned char *work_room(const struct work_memory *memory, size_t *ret_len)
{
	*ret_len = memory->len - memory->room_at;
	return (unsigned char *)memory->work + memory->room_at;
}

// Room for LEN bytes. Returns NULL when there is none.
static void *reserve(struct work_memory *memory, size_t len)
{
	size_t at = (memory->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

	if (at > memory->room_at || len > memory->room_at - at)
		return NULL;
	memory->used = at + len;
	return (unsigned char *)memory->work + at;
}

// A copy of the LEN bytes at FROM, which may be NULL when LEN is 0. Returns NULL when there is no
// room.
static void *put(struct work_memory *memory, const void *from, size_t len)
{
	void *to = reserve(memory, len);

	if (to && len > 0)
		memcpy(to, from, len);
	return to;
}

// MODULE, and what it points to, at *TO.
static int put_module(
	struct work_memory *memory, struct snapshot_module module, struct snapshot_module *to)
{
	if (module.path && !(module.path = put(memory, module.path, strlen(module.path) + 1)))
		return -ENOMEM;
	if (module.image && !(module.image = put(memory, module.image, module.image_len)))
		return -ENOMEM;
	*to = module;
	return 0;
}

int work_put_modules(struct work_memory *memory, const struct snapshot *snapshot)
{
	struct snapshot ours = {.pid = snapshot->pid, .ns_pid = snapshot->ns_pid};
	size_t count = snapshot->module_count;
	int r = 0;

	memory->used = HEAD_LEN;
	memory->unproven = NULL;
	memory->work->unnamed = NULL;
	*memory->place = (struct work_place){.module = WORK_NO_MODULE};
	memory->snapshot = ours;
	memory->work->snapshot = ours;
	ours.modules = reserve(memory, count * sizeof(*snapshot->modules));
	ours.maps = put(memory, snapshot->maps, snapshot->map_count * sizeof(*snapshot->maps));
	if (!ours.modules || !ours.maps)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_module(memory, snapshot->modules[i], &ours.modules[i]);
	if (r < 0)
		return r;
	ours.module_count = count;
	ours.map_count = snapshot->map_count;
	memory->snapshot = ours;
	memory->work->snapshot = ours;
	return 0;
}

int work_put_unnamed(struct work_memory *memory, const bool *unnamed)
{
	size_t len = memory->snapshot.module_count * sizeof(*unnamed);

	memory->work->unnamed = put(memory, unnamed, len);
	return memory->work->unnamed ? 0 : -ENOMEM;
}

void work_expect(const struct work_memory *memory, size_t count)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t at = memory->used & ~(page - 1);
	size_t most = (memory->room_at - at) / sizeof(struct snapshot_thread);

	if (count > 0)
		sys_populate((unsigned char *)memory->work + at,
			(count < most ? count : most) * sizeof(struct snapshot_thread));
}

// Puts PARKED at *TO.
static int put_parked(struct work_memory *memory, struct parked parked, struct parked *to)
{
	parked.rows = put(memory, parked.rows, parked.count * sizeof(*parked.rows));
	parked.stacks = put(memory, parked.stacks, parked.stacks_len);
	if (!parked.rows || !parked.stacks)
		return -ENOMEM;
	*to = parked;
	return 0;
}

int work_put_unproven(struct work_memory *memory, const struct snapshot *snapshot)
{
	const size_t count = snapshot->thread_count;
	struct snapshot_thread *threads = reserve(memory, count * sizeof(*threads));

	if (!threads)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		threads[i] = snapshot->threads[i];
		threads[i].status = snapshot_is_unproven(&threads[i]) ? SNAPSHOT_THREAD_CAPTURED
								      : SNAPSHOT_THREAD_LISTED;
		threads[i].left_len = 0;   // of an earlier attempt
		threads[i].as_told = true; // if all hold, they stay what is told
	}
	memory->unproven = threads;
	memory->work->unproven = (struct snapshot){.threads = threads,
		.thread_count = count,
		.stacks = snapshot->stacks,
		.stacks_len = snapshot->stacks_len};
	return 0;
}

// True when THREAD is there as it was put when it was not proven yet.
static bool holds(const struct snapshot_thread *thread)
{
	return thread->status == SNAPSHOT_THREAD_CAPTURED && thread->as_told;
}

// The rows of SNAPSHOT's threads in MEMORY, or NULL: what was put before, if all hold, else copies.
static struct snapshot_thread *put_rows(struct work_memory *memory, const struct snapshot *snapshot)
{
	bool hold = memory->unproven;

	for (size_t i = 0; hold && i < snapshot->thread_count; i++)
		hold = holds(&snapshot->threads[i]);
	return hold ? memory->unproven
		    : put(memory, snapshot->threads,
			      snapshot->thread_count * sizeof(*snapshot->threads));
}

int work_put_threads(struct work_memory *memory, const struct snapshot *snapshot)
{
	struct snapshot ours = memory->snapshot;
	size_t room_len;
	unsigned char *room = work_room(memory, &room_len);

	ours.threads = put_rows(memory, snapshot);
	if (!ours.threads)
		return -ENOMEM;
	if (snapshot->stacks != room) {
		if (snapshot->stacks_len > room_len ||
			(memory->file >= 0 && ftruncate(memory->file, (off_t)room_len) < 0))
			return -ENOMEM;
		if (snapshot->stacks_len > 0)
			memcpy(room, snapshot->stacks, snapshot->stacks_len);
	}
	ours.parts = put(memory, snapshot->parts, snapshot->part_count * sizeof(*snapshot->parts));
	if (!ours.parts)
		return -ENOMEM;
	ours.part_count = snapshot->part_count;
	if (snapshot->parked.there && put_parked(memory, snapshot->parked, &ours.parked) < 0)
		return -ENOMEM;
	ours.stacks = room;
	ours.stacks_len = snapshot->stacks_len;
	ours.thread_count = snapshot->thread_count;
	memory->work->snapshot = ours;
	return 0;
}
