// SPDX-License-Identifier: GPL-2.0-or-later
// Comparing a process that was read with the sample that was written.
#pragma once

#include "kept_sample.h"

#include <sys/stat.h>

// FD has the parts of PARTS of the file of which FIRST is the first byte, and zeros elsewhere.
static inline void check_parts(int fd, const struct file_parts *parts, unsigned first)
{
	struct stat st;

	check_int(fstat(fd, &st), 0);
	check_u64(st.st_size, parts->file_len);
	for (size_t i = 0, part = 0; i < parts->file_len; i++) {
		unsigned char byte, wanted = 0;
		if (part < parts->count && i == parts->rows[part].offset + parts->rows[part].len)
			part++;
		if (part < parts->count && i >= parts->rows[part].offset)
			wanted = sample_byte(i, first);
		check_int(pread(fd, &byte, 1, (off_t)i), 1);
		cr_assert(byte == wanted, "byte %zu is %d", i, byte);
	}
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	check_int(fcntl(fd, F_GET_SEALS) & seals, seals);
	check_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static inline void check_same_modules(
	const struct kept_process *got, const struct kept_process *sent)
{
	for (size_t i = 0; i < 4; i++) {
		const struct snapshot_module *a = &got->snapshot.modules[i];
		const struct snapshot_module *b = &sent->snapshot.modules[i];
		check_str(a->path, b->path);
		check_u64(a->start, b->start);
		check_u64(a->end, b->end);
		check_u64(a->image_len, b->image_len);
		if (a->image_len > 0)
			check_int(memcmp(a->image, b->image, a->image_len), 0);
		check_int(memcmp(&got->files[i].build_id, &sent->files[i].build_id,
				  sizeof(struct buildid)),
			0);
		check_u64(got->files[i].file_len, sent->files[i].file_len);
		if (i == 3)
			continue;
		check_int(a->source, b->source);
		check_str(a->note, b->note);
	}
	check_parts(got->snapshot.modules[0].fd, &sent->files[0], 3);
	// What was not kept is not there.
	check_int(got->snapshot.modules[3].source, SNAPSHOT_SOURCE_NONE);
	check_int(got->snapshot.modules[3].fd, -EBADF);
	check_str(got->snapshot.modules[3].note, "its file was not kept");
	check_int(got->debug_count, 1);
	check_int(got->debugs[0].module, 2);
	check_int(memcmp(&got->debugs[0].parts.build_id, &sent->debugs[0].parts.build_id,
			  sizeof(struct buildid)),
		0);
	check_parts(got->debugs[0].fd, &sent->debugs[0].parts, 9);
}

static inline void check_same_range(
	const struct context_range *got, const struct context_range *sent)
{
	check_int(got->first, sent->first);
	check_int(got->count, sent->count);
	check_int(got->more, sent->more);
}

static inline void check_same_wait(const struct context_wait *got, const struct context_wait *sent)
{
	check_u64(got->restarts, sent->restarts);
	check_u64(got->offset, sent->offset);
	check_int(memcmp(got->lens, sent->lens, sizeof(got->lens)), 0);
	check_same_range(&got->files, &sent->files);
	check_same_range(&got->holders, &sent->holders);
	check_int(got->kernel, sent->kernel);
	check_int(got->cpu, sent->cpu);
	check_int(got->cpu_ms, sent->cpu_ms);
	check_int(got->used_known, sent->used_known);
	check_int(got->waited_known, sent->waited_known);
	check_u64(got->waited_ms, sent->waited_ms);
	check_int(got->proven, sent->proven);
}

static inline void check_same_threads(const struct snapshot *got, const struct snapshot *sent)
{
	check_int(got->thread_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct snapshot_thread *a = &got->threads[i], *b = &sent->threads[i];
		check_int(a->tid, b->tid);
		check_int(a->ns_tid, b->ns_tid);
		check_str(a->name, b->name);
		check_int(a->state, b->state);
		check_int(a->status, b->status);
		check_int(a->errnum, b->errnum);
		check_int(a->method, b->method);
		check_int(a->eintr, b->eintr);
		check_int(a->spared, b->spared);
		check_int(a->in_syscall, b->in_syscall);
		check_u64(a->syscall_nr, b->syscall_nr);
		check_int(memcmp(a->syscall_args, b->syscall_args, sizeof(a->syscall_args)), 0);
		check_u64(a->regs_known, b->regs_known);
		check_int(memcmp(a->regs, b->regs, sizeof(a->regs)), 0);
		check_u64(a->stack_offset, b->stack_offset);
		check_u64(a->stack_len, b->stack_len);
		check_int(a->stack_cut, b->stack_cut);
		check_u64(a->left_sp, b->left_sp);
		check_u64(a->left_offset, b->left_offset);
		check_u64(a->left_len, b->left_len);
		check_int(a->pause_us, b->pause_us);
		check_same_wait(&a->wait, &b->wait);
	}
}

static inline void check_same_context(const struct context *got, const struct context *sent)
{
	check_int(got->kernel_errnum, sent->kernel_errnum);
	check_int(got->file_count, sent->file_count);
	for (size_t i = 0; i < got->file_count; i++) {
		const struct context_file *a = &got->files[i], *b = &sent->files[i];
		check_int(a->fd, b->fd);
		check_u64(a->events, b->events);
		check_int(a->kind, b->kind);
		check_int(a->other, b->other);
		check_int(a->path, b->path);
		check_int(a->protocol, b->protocol);
		check_int(a->local, b->local);
		check_int(a->remote, b->remote);
		check_int(a->state, b->state);
		check_int(a->detail, b->detail);
		check_same_range(&a->watched, &b->watched);
		check_same_range(&a->peers, &b->peers);
	}
	check_int(got->peer_count, sent->peer_count);
	for (size_t i = 0; i < got->peer_count; i++) {
		check_int(got->peers[i].pid, sent->peers[i].pid);
		check_int(got->peers[i].name, sent->peers[i].name);
	}
	check_int(got->texts_len, sent->texts_len);
	check_int(memcmp(got->texts, sent->texts, sent->texts_len), 0);
}

static inline void check_same_goroutines(const struct parked *got, const struct parked *sent)
{
	check_int(got->there, sent->there);
	check_str(got->reason, sent->reason);
	check_u64(got->total, sent->total);
	check_int(got->count, sent->count);
	for (size_t i = 0; i < got->count; i++) {
		const struct parked_row *a = &got->rows[i], *b = &sent->rows[i];
		check_u64(a->id, b->id);
		check_int(a->state, b->state);
		check_str(a->wait, b->wait);
		check_u64(a->since_ns, b->since_ns);
		check_u64(a->sp, b->sp);
		check_u64(a->pc, b->pc);
		check_u64(a->bp, b->bp);
		check_int(a->stack_offset, b->stack_offset);
		check_int(a->stack_len, b->stack_len);
		check_int(a->stack_cut, b->stack_cut);
	}
	check_int(got->stacks_len, sent->stacks_len);
	if (got->stacks_len > 0)
		check_int(memcmp(got->stacks, sent->stacks, sent->stacks_len), 0);
}

static inline void check_same(const struct kept_process *got, const struct kept_process *sent)
{
	const struct snapshot *a = &got->snapshot, *b = &sent->snapshot;

	check_int(a->pid, b->pid);
	check_int(a->ns_pid, b->ns_pid);
	check_str(a->name, b->name);
	check_true(!a->exe == !b->exe);
	if (a->exe)
		check_str(a->exe, b->exe);
	check_int(a->iterator_errnum, b->iterator_errnum);
	check_u64(a->paused_us, b->paused_us);
	check_u64(a->window_us, b->window_us);
	check_u64(a->clock_ns, b->clock_ns);
	check_str(got->pause, sent->pause);
	check_int(got->threads_missed, sent->threads_missed);
	check_int(got->all_threads, sent->all_threads);
	check_same_modules(got, sent);
	check_int(a->map_count, 3);
	for (size_t i = 0; i < 3; i++) {
		check_u64(a->maps[i].start, b->maps[i].start);
		check_u64(a->maps[i].end, b->maps[i].end);
		check_u64(a->maps[i].offset, b->maps[i].offset);
		check_int(a->maps[i].module, b->maps[i].module);
		check_int(a->maps[i].writable, b->maps[i].writable);
		check_int(a->maps[i].executable, b->maps[i].executable);
	}
	check_same_threads(a, b);
	check_same_context(&a->context, &b->context);
	check_same_goroutines(&a->parked, &b->parked);
	check_int(a->part_count, 2);
	check_int(memcmp(a->parts, b->parts, 2 * sizeof(*a->parts)), 0);
	check_u64(a->stacks_len, b->stacks_len);
	check_int(memcmp(a->stacks, b->stacks, a->stacks_len), 0);
}
