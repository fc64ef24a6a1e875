// SPDX-License-Identifier: GPL-2.0-or-later
// The snapshot: lookup and release.
#include "snapshot.h"

#include "cleanup.h"
#include "hugepages.h"

#include <string.h>
#include <sys/mman.h>

const struct snapshot_map *snapshot_find_map(const struct snapshot *snapshot, uint64_t addr)
{
	size_t low = 0, high = snapshot->map_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct snapshot_map *map = &snapshot->maps[middle];
		if (addr < map->start)
			high = middle;
		else if (addr >= map->end)
			low = middle + 1;
		else
			return map;
	}
	return NULL;
}

const struct snapshot_part *snapshot_find_part(
	const struct snapshot *snapshot, uint64_t addr, size_t len)
{
	size_t low = 0, high = snapshot->part_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct snapshot_part *part = &snapshot->parts[middle];
		if (addr < part->start)
			high = middle;
		else if (addr - part->start >= part->len)
			low = middle + 1;
		else
			return len <= part->len - (addr - part->start) ? part : NULL;
	}
	return NULL;
}

uint64_t snapshot_call_nr(const struct snapshot_thread *thread)
{
	return thread->wait.restarts ? thread->wait.restarts : thread->syscall_nr;
}

// How many bytes there are before those of argument INDEX.
static size_t call_start(const struct snapshot_thread *thread, size_t index)
{
	uint64_t nr = snapshot_call_nr(thread);
	size_t start = 0;

	for (size_t i = 0; i < index; i++)
		start += call_region_of(nr, thread->syscall_args, i).len;
	return start;
}

static void release_stacks(struct snapshot *snapshot)
{
	if (snapshot->stacks_borrowed)
		snapshot->stacks = NULL;
	else if (snapshot->stacks_mapped)
		munmap(snapshot->stacks, snapshot->stacks_mapped);
	else
		free(snapshot->stacks);
	snapshot->stacks_borrowed = false;
	snapshot->stacks_mapped = 0;
}

const unsigned char *snapshot_call_bytes(const struct snapshot *snapshot,
	const struct snapshot_thread *thread, size_t index, size_t *ret_len)
{
	*ret_len = thread->wait.lens[index];
	return snapshot->stacks + thread->wait.offset + call_start(thread, index);
}

// How many bytes there are of the arguments of THREAD's system call.
static size_t calls_len(const struct snapshot_thread *thread)
{
	size_t len = 0;

	for (size_t i = 0; i < CALL_ARGS; i++)
		if (thread->wait.lens[i] > 0)
			len = call_start(thread, i) + thread->wait.lens[i];
	return len;
}

int snapshot_drop_stacks(struct snapshot *snapshot)
{
	size_t len = 0;

	for (size_t i = 0; i < snapshot->thread_count; i++)
		len += calls_len(&snapshot->threads[i]);
	unsigned char *kept = malloc(len + 1);
	if (!kept)
		return -ENOMEM;
	len = 0;
	for (size_t i = 0; i < snapshot->thread_count; i++) {
		struct snapshot_thread *thread = &snapshot->threads[i];
		size_t its = calls_len(thread);
		if (its > 0)
			memcpy(kept + len, snapshot->stacks + thread->wait.offset, its);
		thread->wait.offset = len;
		thread->stack_offset = thread->stack_len = 0;
		thread->left_offset = thread->left_len = 0;
		len += its;
	}
	snapshot->part_count = 0;
	release_stacks(snapshot);
	snapshot->stacks = kept;
	snapshot->stacks_len = len;
	return 0;
}

void snapshot_fini(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->module_count; i++) {
		struct snapshot_module *module = &snapshot->modules[i];
		close_fd(&module->fd);
		free(module->path);
		free(module->image);
	}
	free(snapshot->modules);
	free(snapshot->maps);
	free(snapshot->exe);
	hugepages_free(snapshot->threads, snapshot->threads_mapped);
	context_fini(&snapshot->context);
	hugepages_free(snapshot->parts, snapshot->parts_mapped);
	release_stacks(snapshot);
	parked_fini(&snapshot->parked);
	memset(snapshot, 0, sizeof(*snapshot));
}
