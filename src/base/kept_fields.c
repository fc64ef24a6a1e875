// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of a kept snapshot.
#include "kept_fields.h"

#include "kept.h"

#include <string.h>

enum {
	ERRNO_MAX = 4095,
	MODULES_MAX = 1 << 20,
	MAPS_MAX = 1 << 22,
	PIDS_MAX = 1 << 22, // that Linux has
	DEBUGS_MAX = 1 << 12,
	CONTEXTS_MAX = 1 << 26, // rows, or bytes of texts
};

#define FIELD(type, member, bytes, least, most, what)                                             \
	{                                                                                         \
		what, offsetof(struct type, member), sizeof(((struct type *)0)->member), (bytes), \
			(least), (most)                                                           \
	}
#define RANGE(type, member, what)                                  \
	FIELD(type, member.first, 4, 0, UINT32_MAX, what),         \
		FIELD(type, member.count, 4, 0, UINT32_MAX, what), \
		FIELD(type, member.more, 4, 0, UINT32_MAX, what)
#define LEN(i)                                                 \
	FIELD(snapshot_thread, wait.lens[i], 4, 0, UINT32_MAX, \
		"the length of an argument of a thread")
#define TABLE(rows)                                      \
	{                                                \
		(rows), sizeof(rows) / sizeof((rows)[0]) \
	}

static const struct kept_field process_fields[] = {
	FIELD(kept_process, snapshot.pid, 4, 1, PIDS_MAX, "the PID"),
	FIELD(kept_process, snapshot.ns_pid, 4, 0, PIDS_MAX, "the PID inside"),
	FIELD(kept_process, snapshot.iterator_errnum, 2, 0, ERRNO_MAX, "the iterator's errno"),
	FIELD(kept_process, snapshot.paused_us, 8, 0, INT64_MAX, "the pause"),
	FIELD(kept_process, snapshot.window_us, 8, 0, INT64_MAX, "the window"),
	FIELD(kept_process, threads_missed, 1, 0, 1, "whether threads were missed"),
	FIELD(kept_process, all_threads, 1, 0, 1, "whether all threads were wanted"),
	FIELD(kept_process, snapshot.module_count, 4, 0, MODULES_MAX, "the number of modules"),
	FIELD(kept_process, snapshot.map_count, 4, 0, MAPS_MAX, "the number of mappings"),
	FIELD(kept_process, snapshot.thread_count, 4, 0, PIDS_MAX, "the number of threads"),
	FIELD(kept_process, snapshot.part_count, 4, 0, SNAPSHOT_PARTS_MAX,
		"the number of copies of memory"),
	FIELD(kept_process, debug_count, 4, 0, DEBUGS_MAX, "the number of debug files"),
	FIELD(kept_process, snapshot.stacks_len, 8, 0, UINT64_C(1) << 30, "the length of stacks"),
	FIELD(kept_process, snapshot.context.file_count, 4, 0, CONTEXTS_MAX, "the number of fds"),
	FIELD(kept_process, snapshot.context.peer_count, 4, 0, CONTEXTS_MAX, "the number of peers"),
	FIELD(kept_process, snapshot.context.texts_len, 4, 0, CONTEXTS_MAX, "the length of texts"),
	FIELD(kept_process, snapshot.context.kernel_errnum, 2, 0, ERRNO_MAX,
		"the errno of kernel stacks"),
	FIELD(kept_process, snapshot.clock_ns, 8, 0, INT64_MAX, "the clock"),
	FIELD(kept_process, snapshot.parked.there, 1, 0, 1, "whether there are goroutines"),
	FIELD(kept_process, snapshot.parked.total, 8, 0, UINT64_MAX,
		"how many goroutines there are"),
	FIELD(kept_process, snapshot.parked.count, 4, 0, GOROUTINES_MAX,
		"the number of goroutines"),
	FIELD(kept_process, snapshot.parked.stacks_len, 8, 0, PARKED_STACKS_MAX,
		"the length of goroutines' stacks"),
};
const struct kept_table kept_process_table = TABLE(process_fields);

static const struct kept_field module_fields[] = {
	FIELD(snapshot_module, start, 8, 0, UINT64_MAX, "a module's start"),
	FIELD(snapshot_module, end, 8, 0, UINT64_MAX, "a module's end"),
	FIELD(snapshot_module, source, 1, 0, SNAPSHOT_SOURCE_MEMORY, "a module's source"),
	FIELD(snapshot_module, image_len, 4, 0, KEPT_IMAGE_MAX, "the length of a module's image"),
};
const struct kept_table kept_module_table = TABLE(module_fields);

static const struct kept_field parts_fields[] = {
	FIELD(file_parts, file_len, 8, 0, INT64_MAX, "a file's length"),
	FIELD(file_parts, count, 2, 0, FILE_PARTS_MAX, "the number of a file's parts"),
	FIELD(file_parts, build_id.len, 1, 0, BUILDID_MAX, "the length of a build id"),
};
const struct kept_table kept_parts_table = TABLE(parts_fields);

static const struct kept_field part_fields[] = {
	FIELD(file_part, offset, 8, 0, INT64_MAX, "a part's offset"),
	FIELD(file_part, len, 8, 1, INT64_MAX, "a part's length"),
};
const struct kept_table kept_part_table = TABLE(part_fields);

static const struct kept_field debug_fields[] = {
	FIELD(debug_file, module, 4, 0, MODULES_MAX, "a debug file's module"),
};
const struct kept_table kept_debug_table = TABLE(debug_fields);

static const struct kept_field map_fields[] = {
	FIELD(snapshot_map, start, 8, 0, UINT64_MAX, "a mapping's start"),
	FIELD(snapshot_map, end, 8, 0, UINT64_MAX, "a mapping's end"),
	FIELD(snapshot_map, offset, 8, 0, UINT64_MAX, "a mapping's offset"), // drivers take any
	FIELD(snapshot_map, module, 4, 0, UINT32_MAX, "a mapping's module"), // of none: -1
	FIELD(snapshot_map, writable, 1, 0, 1, "whether a mapping is writable"),
	FIELD(snapshot_map, executable, 1, 0, 1, "whether a mapping is executable"),
};
const struct kept_table kept_map_table = TABLE(map_fields);

static const struct kept_field memory_fields[] = {
	FIELD(snapshot_part, start, 8, 0, UINT64_MAX, "where copied memory was"),
	FIELD(snapshot_part, offset, 8, 0, INT64_MAX, "where copied memory is"),
	FIELD(snapshot_part, len, 8, 1, INT64_MAX, "the length of copied memory"),
};
const struct kept_table kept_memory_table = TABLE(memory_fields);

static const struct kept_field thread_fields[] = {
	FIELD(snapshot_thread, tid, 4, 1, PIDS_MAX, "a thread's id"),
	FIELD(snapshot_thread, ns_tid, 4, 0, PIDS_MAX, "a thread's id inside"),
	FIELD(snapshot_thread, state, 1, 0, 0x7f, "a thread's state"),
	FIELD(snapshot_thread, status, 1, 0, SNAPSHOT_THREAD_KERNEL, "a thread's status"),
	FIELD(snapshot_thread, errnum, 2, 0, ERRNO_MAX, "a thread's errno"),
	FIELD(snapshot_thread, method, 1, 0, SNAPSHOT_METHOD_STOP, "a thread's method"),
	FIELD(snapshot_thread, eintr, 1, 0, 1, "whether a thread's call was ended"),
	FIELD(snapshot_thread, spared, 1, 0, 1, "whether a thread was spared"),
	FIELD(snapshot_thread, in_syscall, 1, 0, 1, "whether a thread is in a system call"),
	FIELD(snapshot_thread, syscall_nr, 8, 0, UINT64_MAX, "a thread's system call"),
	FIELD(snapshot_thread, regs_known, 8, 0, (UINT64_C(1) << ARCH_REG_COUNT) - 1,
		"a thread's known registers"),
	FIELD(snapshot_thread, stack_offset, 8, 0, INT64_MAX, "where a thread's stack is"),
	FIELD(snapshot_thread, stack_len, 8, 0, INT64_MAX, "the length of a thread's stack"),
	FIELD(snapshot_thread, stack_cut, 1, 0, 1, "whether a thread's stack was cut"),
	FIELD(snapshot_thread, left_sp, 8, 0, UINT64_MAX, "a thread's left stack pointer"),
	FIELD(snapshot_thread, left_offset, 8, 0, INT64_MAX, "where a thread's left stack is"),
	FIELD(snapshot_thread, left_len, 8, 0, INT64_MAX, "the length of a thread's left stack"),
	FIELD(snapshot_thread, pause_us, 4, 0, UINT32_MAX, "a thread's pause"),
	FIELD(snapshot_thread, wait.restarts, 8, 0, UINT64_MAX, "a thread's restarted call"),
	FIELD(snapshot_thread, wait.offset, 8, 0, INT64_MAX, "where a thread's arguments are"),
	LEN(0),
	LEN(1),
	LEN(2),
	LEN(3),
	LEN(4),
	LEN(5),
	RANGE(snapshot_thread, wait.files, "a thread's fds"),
	RANGE(snapshot_thread, wait.holders, "the holders of a thread's lock"),
	FIELD(snapshot_thread, wait.kernel, 4, 0, UINT32_MAX, "a thread's kernel stack"),
	FIELD(snapshot_thread, wait.cpu, 4, 0, UINT32_MAX, "a thread's processor"),
	FIELD(snapshot_thread, wait.cpu_ms, 4, 0, UINT32_MAX, "a thread's processor time"),
	FIELD(snapshot_thread, wait.used_known, 1, 0, 1, "whether that is known"),
	FIELD(snapshot_thread, wait.waited_known, 1, 0, 1, "whether a thread's wait is known"),
	FIELD(snapshot_thread, wait.waited_ms, 8, 0, INT64_MAX, "how long a thread has waited"),
	FIELD(snapshot_thread, wait.proven, 1, 0, 1, "whether a thread's wait was proven"),
};
const struct kept_table kept_thread_table = TABLE(thread_fields);

static const struct kept_field file_fields[] = {
	FIELD(context_file, fd, 4, 0, INT32_MAX, "an fd"),
	FIELD(context_file, events, 4, 0, UINT32_MAX, "an fd's events"),
	FIELD(context_file, kind, 1, 0, CONTEXT_KIND_COUNT - 1, "the kind of an fd"),
	FIELD(context_file, other, 1, 0, 1, "whether an fd is another's"),
	FIELD(context_file, path, 4, 0, UINT32_MAX, "an fd's path"),
	FIELD(context_file, protocol, 4, 0, UINT32_MAX, "a socket's protocol"),
	FIELD(context_file, local, 4, 0, UINT32_MAX, "a socket's address"),
	FIELD(context_file, remote, 4, 0, UINT32_MAX, "a socket's other address"),
	FIELD(context_file, state, 4, 0, UINT32_MAX, "a socket's state"),
	FIELD(context_file, detail, 4, 0, UINT32_MAX, "an fd's detail"),
	RANGE(context_file, watched, "the watched fds"),
	RANGE(context_file, peers, "an fd's peers"),
};
const struct kept_table kept_file_table = TABLE(file_fields);

static const struct kept_field peer_fields[] = {
	FIELD(context_peer, pid, 4, 0, PIDS_MAX, "a peer's PID"),
	FIELD(context_peer, name, 4, 0, UINT32_MAX, "a peer's name"),
};
const struct kept_table kept_peer_table = TABLE(peer_fields);

static const struct kept_field parked_fields[] = {
	FIELD(parked_row, id, 8, 1, INT64_MAX, "a goroutine's id"),
	FIELD(parked_row, state, 1, 0, GOROUTINE_STATE_COUNT - 1, "a goroutine's state"),
	FIELD(parked_row, since_ns, 8, 0, INT64_MAX, "since when a goroutine waits"),
	FIELD(parked_row, sp, 8, 0, UINT64_MAX, "a goroutine's stack pointer"),
	FIELD(parked_row, pc, 8, 0, UINT64_MAX, "a goroutine's program counter"),
	FIELD(parked_row, bp, 8, 0, UINT64_MAX, "a goroutine's frame pointer"),
	FIELD(parked_row, stack_offset, 8, 0, INT64_MAX, "where a goroutine's stack is"),
	FIELD(parked_row, stack_len, 8, 0, PARKED_STACK_MAX, "the length of a goroutine's stack"),
	FIELD(parked_row, stack_cut, 1, 0, 1, "whether a goroutine's stack was cut"),
};
const struct kept_table kept_parked_table = TABLE(parked_fields);

size_t kept_table_len(const struct kept_table *table)
{
	size_t len = 0;

	for (size_t i = 0; i < table->count; i++)
		len += table->fields[i].width;
	return len;
}

uint64_t kept_field_get(const struct kept_field *field, const void *structure)
{
	const char *from = (const char *)structure + field->offset;
	uint8_t byte;
	uint32_t word;
	uint64_t value;

	switch (field->size) {
	case 1:
		memcpy(&byte, from, sizeof(byte));
		return byte;
	case 4:
		memcpy(&word, from, sizeof(word));
		return word;
	default:
		memcpy(&value, from, sizeof(value));
		return value;
	}
}

void kept_field_set(const struct kept_field *field, void *structure, uint64_t value)
{
	char *to = (char *)structure + field->offset;
	uint8_t byte = (uint8_t)value;
	uint32_t word = (uint32_t)value;

	switch (field->size) {
	case 1:
		memcpy(to, &byte, sizeof(byte));
		break;
	case 4:
		memcpy(to, &word, sizeof(word));
		break;
	default:
		memcpy(to, &value, sizeof(value));
	}
}
