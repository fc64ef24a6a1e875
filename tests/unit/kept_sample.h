// SPDX-License-Identifier: GPL-2.0-or-later
// A process of which every field differs from what it is by default: what keeping is tested on.
#pragma once

#include "cleanup.h"
#include "kept.h"
#include "unit.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <sys/mman.h>

enum { SAMPLE_FILE_LEN = 0x2345, SAMPLE_DEBUG_LEN = 999 };

static const struct kept_origin sample_origin = {1795491331, "a host"};

// Byte AT of a file of which the byte FIRST is the first.
static inline unsigned char sample_byte(size_t at, unsigned first)
{
	return (unsigned char)(first + at * 7);
}

static inline int sample_file(size_t len, unsigned first)
{
	int fd = memfd_create("sample", MFD_CLOEXEC);

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = sample_byte(i, first);
		check_int(pwrite(fd, &byte, 1, (off_t)i), 1);
	}
	return fd;
}

static inline struct file_parts sample_parts(uint64_t len, unsigned char id)
{
	struct file_parts parts = {.file_len = len, .count = 2};

	parts.build_id.len = 20;
	memset(parts.build_id.bytes, id, 20);
	parts.rows = calloc(2, sizeof(*parts.rows));
	parts.rows[0] = (struct file_part){0x11, 64};
	parts.rows[1] = (struct file_part){len - 33, 33};
	return parts;
}

static inline void sample_modules(struct kept_process *process)
{
	struct snapshot *snapshot = &process->snapshot;
	struct snapshot_module *modules = calloc(4, sizeof(*modules));

	modules[0] = (struct snapshot_module){strdup("/lib/one\xff"), 0x1122334455667788,
		0x2122334455667788, SNAPSHOT_SOURCE_ROOT, sample_file(SAMPLE_FILE_LEN, 3), NULL, 0,
		"a note"};
	modules[1] = (struct snapshot_module){strdup("[vdso]"), 0x3000, 0x5000,
		SNAPSHOT_SOURCE_MEMORY, -EBADF, calloc(1, 50), 50, ""};
	memset(modules[1].image, 0xab, 50);
	modules[2] = (struct snapshot_module){
		strdup(""), 0, 1, SNAPSHOT_SOURCE_NONE, -EBADF, NULL, 0, "it is gone"};
	modules[3] = (struct snapshot_module){strdup("/too/large"), 7, UINT64_MAX,
		SNAPSHOT_SOURCE_MAP_FILES, sample_file(10, 0), NULL, 0, ""};
	snapshot->modules = modules;
	snapshot->module_count = 4;
	process->files = calloc(4, sizeof(*process->files));
	process->files[0] = sample_parts(SAMPLE_FILE_LEN, 0xcd);
	process->files[3].build_id = (struct buildid){.len = 1, .bytes = {0x77}};
	process->files[3].file_len = 10;
}

static inline void sample_threads(struct snapshot *snapshot)
{
	struct snapshot_thread *threads = calloc(2, sizeof(*threads));

	threads[0] = (struct snapshot_thread){.tid = 0x00316263,
		.ns_tid = 12,
		.name = "a \"thread\"\n",
		.state = 'D',
		.status = SNAPSHOT_THREAD_CAPTURED,
		.errnum = 1,
		.method = SNAPSHOT_METHOD_PROC,
		.eintr = true,
		.spared = true,
		.in_syscall = true,
		.syscall_nr = UINT64_MAX - 1,
		.syscall_args = {1, 2, 3, 4, 5, UINT64_MAX},
		.regs_known = SNAPSHOT_ALL_REGS - 2,
		.stack_offset = 8,
		.stack_len = 24,
		.stack_cut = true,
		.left_sp = 0x7fffffffe000,
		.left_offset = 32,
		.left_len = 8,
		.pause_us = UINT32_MAX,
		.wait = {.restarts = __NR_clock_nanosleep,
			.offset = 24,
			.lens = {[2] = 16},
			.files = {1, 1, 77},
			.holders = {0, 1, 78},
			.kernel = 3,
			.cpu = 79,
			.cpu_ms = 80,
			.used_known = true,
			.waited_known = true,
			.waited_ms = INT64_MAX - 1,
			.proven = true}};
	for (size_t i = 0; i < ARCH_REG_COUNT; i++)
		threads[0].regs[i] = UINT64_MAX / (i + 1);
	threads[1] = (struct snapshot_thread){
		.tid = 1 << 22, .status = SNAPSHOT_THREAD_DENIED, .errnum = EPERM};
	snapshot->threads = threads;
	snapshot->thread_count = 2;
}

static const char sample_texts[] = "\0a\0texts\xff";

static inline void sample_context(struct context *context)
{
	struct context_file *files = calloc(2, sizeof(*files));

	files[0] = (struct context_file){.fd = 0x00414243,
		.events = 0x81828384,
		.kind = CONTEXT_EPOLL,
		.other = true,
		.path = 1,
		.protocol = 3,
		.local = 4,
		.remote = 5,
		.state = 6,
		.detail = 7,
		.watched = {1, 1, 81},
		.peers = {0, 1, 82}};
	files[1] = (struct context_file){.fd = INT32_MAX, .kind = CONTEXT_PIPE};
	context->files = files;
	context->file_count = 2;
	context->peers = calloc(1, sizeof(*context->peers));
	context->peers[0] = (struct context_peer){0x00314151, 3};
	context->peer_count = 1;
	context->texts = malloc(sizeof(sample_texts));
	memcpy(context->texts, sample_texts, sizeof(sample_texts));
	context->texts_len = sizeof(sample_texts);
	context->kernel_errnum = EACCES;
}

static inline void sample_goroutines(struct parked *parked)
{
	struct parked_row *rows = calloc(2, sizeof(*rows));

	rows[0] = (struct parked_row){.id = 0x0061626364656667,
		.state = GOROUTINE_PREEMPTED,
		.wait = "a wait",
		.since_ns = INT64_MAX - 1,
		.sp = UINT64_MAX,
		.pc = UINT64_MAX - 1,
		.bp = UINT64_MAX - 2,
		.stack_offset = 3,
		.stack_len = 29,
		.stack_cut = true};
	rows[1] = (struct parked_row){.id = INT64_MAX};
	*parked = (struct parked){.there = true,
		.total = UINT64_MAX,
		.rows = rows,
		.count = 2,
		.stacks = malloc(32),
		.stacks_len = 32};
	for (size_t i = 0; i < 32; i++)
		parked->stacks[i] = sample_byte(i, 50);
}

// For kept_process_fini().
static inline struct kept_process sample_process(void)
{
	struct kept_process process = {.snapshot = {.pid = 0x00215253,
					       .ns_pid = 3,
					       .name = "some \xc3\xa4 name",
					       .exe = strdup("/bin/some"),
					       .iterator_errnum = ENOPKG,
					       .paused_us = INT64_MAX,
					       .window_us = 77,
					       .clock_ns = INT64_MAX - 2},
		.pause = "never",
		.threads_missed = true,
		.all_threads = true};
	struct snapshot *snapshot = &process.snapshot;

	sample_modules(&process);
	snapshot->maps = calloc(3, sizeof(*snapshot->maps));
	snapshot->maps[0] = (struct snapshot_map){0x3122334455667788, 0x3122334455667799, 0x55, 0,
		.writable = false, .executable = true};
	snapshot->maps[1] = (struct snapshot_map){0x3122334455667799, 0x4122334455667799, 0,
		SNAPSHOT_NO_MODULE, .writable = true, .executable = false};
	snapshot->maps[2] = (struct snapshot_map){
		UINT64_MAX - 1, UINT64_MAX, UINT64_MAX, 3, .writable = false, .executable = false};
	snapshot->map_count = 3;
	sample_threads(snapshot);
	sample_context(&snapshot->context);
	sample_goroutines(&snapshot->parked);
	process.debugs = calloc(1, sizeof(*process.debugs));
	process.debugs[0] = (struct debug_file){
		sample_file(SAMPLE_DEBUG_LEN, 9), 2, sample_parts(SAMPLE_DEBUG_LEN, 0xef)};
	process.debug_count = 1;
	snapshot->parts = calloc(2, sizeof(*snapshot->parts));
	snapshot->parts[0] = (struct snapshot_part){0x5122334455667788, 4, 7};
	snapshot->parts[1] = (struct snapshot_part){0x512233445566778f, 0, 40};
	snapshot->part_count = 2;
	snapshot->stacks_len = 40;
	snapshot->stacks = malloc(40);
	for (size_t i = 0; i < 40; i++)
		snapshot->stacks[i] = sample_byte(i, 100);
	return process;
}

// A file with COUNT times PROCESS in it.
static inline int sample_write(const struct kept_process *process, size_t count)
{
	int fd = memfd_create("kept", MFD_CLOEXEC);
	struct kept_writer *writer = kept_write_begin(fd, &sample_origin);

	for (size_t i = 0; i < count; i++)
		check_int(kept_write_process(writer, process), 0);
	check_int(kept_write_end(writer), 0);
	kept_write_free(writer);
	return fd;
}

// Opens FD as a file.
static inline struct kept_reader *sample_open(int fd, struct error *err)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return kept_read_open(path, err);
}
