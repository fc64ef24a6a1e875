// SPDX-License-Identifier: GPL-2.0-or-later
// Memory for work: what is put there is never taken out again.
#include "work.h"

#include "cleanup.h"

#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 16, PAGE = 4096 };

// The memory that is asked for: the stacks' room is what remains. Nothing of it is used until it is
// written to, but where the kernel promises no memory that it may not have, less must do.
static const size_t LEN_MAX = (size_t)1 << 32, LEN_MIN = (size_t)1 << 27;

struct work *work_open(const struct worker_options *options)
{
	for (size_t len = LEN_MAX; len >= LEN_MIN; len /= 2) {
		void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (memory == MAP_FAILED)
			continue;
		struct work *work = memory;
		*work = (struct work){.len = len,
			.used = sizeof(*work),
			.room_at = len / 8,
			.socket = -EBADF,
			.options = *options};
		return work;
	}
	return NULL;
}

void work_close(struct work *work)
{
	if (work)
		munmap(work, work->len);
}

unsigned char *work_room(struct work *work, size_t *ret_len)
{
	*ret_len = work->len - work->room_at;
	return (unsigned char *)work + work->room_at;
}

// A copy of the LEN bytes at FROM, which may be NULL when LEN is 0. Returns NULL when there is no
// room.
static void *put(struct work *work, const void *from, size_t len)
{
	size_t at = (work->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

	if (at > work->room_at || len > work->room_at - at)
		return NULL;
	work->used = at + len;
	void *to = (unsigned char *)work + at;
	if (len > 0)
		memcpy(to, from, len);
	return to;
}

static int put_module(struct work *work, struct snapshot_module *module)
{
	module->path = module->path ? put(work, module->path, strlen(module->path) + 1) : NULL;
	if (module->image && !(module->image = put(work, module->image, module->image_len)))
		return -ENOMEM;
	return 0;
}

int work_put_modules(struct work *work, const struct snapshot *snapshot)
{
	struct snapshot *ours = &work->snapshot;
	int r = 0;

	work->used = sizeof(*work);
	*ours = (struct snapshot){.pid = snapshot->pid, .ns_pid = snapshot->ns_pid};
	ours->modules =
		put(work, snapshot->modules, snapshot->module_count * sizeof(*snapshot->modules));
	ours->maps = put(work, snapshot->maps, snapshot->map_count * sizeof(*snapshot->maps));
	if (!ours->modules || !ours->maps)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < snapshot->module_count; i++)
		r = put_module(work, &ours->modules[i]);
	if (r == 0) {
		ours->module_count = snapshot->module_count;
		ours->map_count = snapshot->map_count;
	}
	return r;
}

int work_put_threads(struct work *work, const struct snapshot *snapshot)
{
	struct snapshot *ours = &work->snapshot;
	size_t room_len;
	unsigned char *room = work_room(work, &room_len);

	ours->threads =
		put(work, snapshot->threads, snapshot->thread_count * sizeof(*snapshot->threads));
	if (!ours->threads)
		return -ENOMEM;
	if (snapshot->stacks != room) {
		if (snapshot->stacks_len > room_len)
			return -ENOMEM;
		if (snapshot->stacks_len > 0)
			memcpy(room, snapshot->stacks, snapshot->stacks_len);
	}
	ours->stacks = room;
	ours->stacks_len = snapshot->stacks_len;
	ours->thread_count = snapshot->thread_count;
	return 0;
}
