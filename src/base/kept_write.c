// SPDX-License-Identifier: GPL-2.0-or-later
// Writing a kept snapshot.
#include "cleanup.h"
#include "fd.h"
#include "kept.h"
#include "kept_fields.h"
#include "kept_tags.h"

#include <string.h>

enum { BUFFER_SIZE = 1 << 16 };

struct kept_writer {
	int fd;
	int r; // 0, or -errno of the first failure: nothing is written after it
	size_t used;
	unsigned char buffer[BUFFER_SIZE], copied[BUFFER_SIZE];
};

static void flush(struct kept_writer *writer)
{
	if (writer->r == 0)
		writer->r = fd_write_all(writer->fd, writer->buffer, writer->used);
	writer->used = 0;
}

static void put_bytes(struct kept_writer *writer, const void *bytes, size_t len)
{
	if (len > sizeof(writer->buffer) - writer->used)
		flush(writer);
	if (len > sizeof(writer->buffer)) {
		if (writer->r == 0)
			writer->r = fd_write_all(writer->fd, bytes, len);
		return;
	}
	if (len > 0)
		memcpy(writer->buffer + writer->used, bytes, len);
	writer->used += len;
}

static void put_number(struct kept_writer *writer, uint64_t value, size_t width)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < width; i++)
		bytes[i] = (unsigned char)(value >> (8 * i));
	put_bytes(writer, bytes, width);
}

static void put_string(struct kept_writer *writer, const char *text)
{
	size_t len = strlen(text);

	put_number(writer, len, 4);
	put_bytes(writer, text, len);
}

static void put_fields(
	struct kept_writer *writer, const struct kept_table *table, const void *structure)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct kept_field *field = &table->fields[i];
		uint64_t value = kept_field_get(field, structure);
		// What could not be read again is not to be written.
		if ((value < field->min || value > field->max) && writer->r == 0)
			writer->r = -EOVERFLOW;
		put_number(writer, value, field->width);
	}
}

// The bytes of PART of the file FD, zeros where it has none any more.
static void put_part(struct kept_writer *writer, int fd, const struct file_part *part)
{
	uint64_t done = 0;

	while (done < part->len && writer->r == 0) {
		uint64_t left = part->len - done;
		size_t len = left < BUFFER_SIZE ? (size_t)left : BUFFER_SIZE;
		ssize_t n = pread(fd, writer->copied, len, (off_t)(part->offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			memset(writer->copied, 0, len);
			n = (ssize_t)len;
		}
		put_bytes(writer, writer->copied, (size_t)n);
		done += (uint64_t)n;
	}
}

static void put_parts(struct kept_writer *writer, int fd, const struct file_parts *parts)
{
	put_fields(writer, &kept_parts_table, parts);
	put_bytes(writer, parts->build_id.bytes, parts->build_id.len);
	for (size_t i = 0; i < parts->count; i++)
		put_fields(writer, &kept_part_table, &parts->rows[i]);
	for (size_t i = 0; i < parts->count; i++)
		put_part(writer, fd, &parts->rows[i]);
}

static void put_module(struct kept_writer *writer, const struct snapshot_module *module,
	const struct file_parts *parts)
{
	put_fields(writer, &kept_module_table, module);
	put_string(writer, module->path);
	put_string(writer, module->note);
	put_bytes(writer, module->image, module->image_len);
	put_parts(writer, module->fd, parts);
}

static void put_thread(struct kept_writer *writer, const struct snapshot_thread *thread)
{
	put_fields(writer, &kept_thread_table, thread);
	for (size_t i = 0; i < CALL_ARGS; i++)
		put_number(writer, thread->syscall_args[i], 8);
	put_string(writer, thread->name);
	for (size_t i = 0; i < ARCH_REG_COUNT; i++)
		put_number(writer, thread->regs[i], 8);
}

static void put_context(struct kept_writer *writer, const struct context *context)
{
	for (size_t i = 0; writer->r == 0 && i < context->file_count; i++)
		put_fields(writer, &kept_file_table, &context->files[i]);
	for (size_t i = 0; writer->r == 0 && i < context->peer_count; i++)
		put_fields(writer, &kept_peer_table, &context->peers[i]);
	put_bytes(writer, context->texts, context->texts_len);
}

static void put_parked(struct kept_writer *writer, const struct parked *parked)
{
	put_string(writer, parked->reason);
	for (size_t i = 0; writer->r == 0 && i < parked->count; i++) {
		put_fields(writer, &kept_parked_table, &parked->rows[i]);
		put_string(writer, parked->rows[i].wait);
	}
	put_bytes(writer, parked->stacks, parked->stacks_len);
}

// True when PROCESS is within the bounds of what is read.
static bool is_bounded(const struct kept_process *process)
{
	const struct snapshot *snapshot = &process->snapshot;
	uint64_t parts = 0, files = 0;

	for (size_t i = 0; i < snapshot->module_count + process->debug_count; i++) {
		const struct file_parts *file =
			i < snapshot->module_count
				? &process->files[i]
				: &process->debugs[i - snapshot->module_count].parts;
		if (file->count == 0)
			continue;
		parts += file_parts_len(file);
		files += file->file_len;
	}
	return parts <= KEPT_PARTS_MAX && files <= KEPT_FILES_MAX &&
	       snapshot->stacks_len <= KEPT_STACKS_MAX;
}

struct kept_writer *kept_write_begin(int fd, const struct kept_origin *origin)
{
	struct kept_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->fd = fd;
	put_bytes(writer, KEPT_MAGIC, strlen(KEPT_MAGIC));
	put_number(writer, KEPT_VERSION, 4);
	put_number(writer, ARCH_ELF_MACHINE, 4);
	put_number(writer, origin->time_s, 8);
	put_string(writer, origin->host);
	flush(writer);
	return writer;
}

int kept_write_process(struct kept_writer *writer, const struct kept_process *process)
{
	const struct snapshot *snapshot = &process->snapshot;

	if (writer->r == 0 && !is_bounded(process))
		writer->r = -EFBIG;
	put_number(writer, KEPT_TAG_PROCESS, 4);
	put_fields(writer, &kept_process_table, process);
	put_string(writer, snapshot->name);
	put_string(writer, process->pause);
	put_number(writer, snapshot->exe != NULL, 1);
	put_string(writer, snapshot->exe ? snapshot->exe : "");
	for (size_t i = 0; writer->r == 0 && i < snapshot->module_count; i++)
		put_module(writer, &snapshot->modules[i], &process->files[i]);
	for (size_t i = 0; writer->r == 0 && i < snapshot->map_count; i++)
		put_fields(writer, &kept_map_table, &snapshot->maps[i]);
	for (size_t i = 0; writer->r == 0 && i < snapshot->thread_count; i++)
		put_thread(writer, &snapshot->threads[i]);
	put_context(writer, &snapshot->context);
	for (size_t i = 0; writer->r == 0 && i < snapshot->part_count; i++)
		put_fields(writer, &kept_memory_table, &snapshot->parts[i]);
	for (size_t i = 0; writer->r == 0 && i < process->debug_count; i++) {
		put_fields(writer, &kept_debug_table, &process->debugs[i]);
		put_parts(writer, process->debugs[i].fd, &process->debugs[i].parts);
	}
	put_parked(writer, &snapshot->parked);
	put_bytes(writer, snapshot->stacks, snapshot->stacks_len);
	flush(writer);
	return writer->r;
}

int kept_write_end(struct kept_writer *writer)
{
	put_number(writer, KEPT_TAG_END, 4);
	flush(writer);
	return writer->r;
}

void kept_write_free(struct kept_writer *writer)
{
	free(writer);
}
