// SPDX-License-Identifier: GPL-2.0-or-later
// The snapshot: lookup and release.
#include "snapshot.h"

#include "cleanup.h"

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

const unsigned char *snapshot_stack(
	const struct snapshot *snapshot, const struct snapshot_thread *thread)
{
	return snapshot->stacks + thread->stack_offset;
}

uint64_t snapshot_call_nr(const struct snapshot_thread *thread)
{
	return thread->wait.restarts ? thread->wait.restarts : thread->syscall_nr;
}

const unsigned char *snapshot_call_bytes(const struct snapshot *snapshot,
	const struct snapshot_thread *thread, size_t index, size_t *ret_len)
{
	const unsigned char *bytes = snapshot->stacks + thread->wait.offset;
	uint64_t nr = snapshot_call_nr(thread);

	for (size_t i = 0; i < index; i++)
		bytes += call_region_of(nr, thread->syscall_args, i).len;
	*ret_len = thread->wait.lens[index];
	return bytes;
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
	if (snapshot->threads_mapped)
		munmap(snapshot->threads, snapshot->threads_mapped);
	else
		free(snapshot->threads);
	context_fini(&snapshot->context);
	if (snapshot->parts_mapped)
		munmap(snapshot->parts, snapshot->parts_mapped);
	else
		free(snapshot->parts);
	if (snapshot->stacks_borrowed)
		snapshot->stacks = NULL;
	else if (snapshot->stacks_mapped)
		munmap(snapshot->stacks, snapshot->stacks_mapped);
	else
		free(snapshot->stacks);
	memset(snapshot, 0, sizeof(*snapshot));
}
