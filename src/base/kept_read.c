// SPDX-License-Identifier: GPL-2.0-or-later
// Reading a kept snapshot, which may be anything.
#include "cleanup.h"
#include "fd.h"
#include "kept.h"
#include "kept_tags.h"
#include "kept_take.h"
#include "memfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum {
	EXE_MAX = 4096,
	FDS_RESERVED = 64,
};

// An empty file in memory of LEN bytes, or -errno. Some fds are left for everything else.
static int make_file(uint64_t len)
{
	struct rlimit limit;
	auto_fd int fd = memfile_open("nspeek-load");

	if (fd < 0)
		return fd;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if ((rlim_t)fd + FDS_RESERVED > limit.rlim_cur)
		return -EMFILE;
	return ftruncate(fd, (off_t)len) < 0 ? -errno : take_fd(&fd);
}

// Takes the bytes of PART to where they were in the file FD, or to nowhere.
static int take_part(struct kept_reader *reader, int fd, const struct file_part *part)
{
	for (uint64_t done = 0; done < part->len;) {
		uint64_t left = part->len - done;
		size_t len = left < KEPT_BUFFER_SIZE ? (size_t)left : KEPT_BUFFER_SIZE;
		int r = kept_take_bytes(reader, reader->copied, len);
		if (r < 0)
			return r;
		if (fd >= 0) {
			ssize_t n = pwrite(fd, reader->copied, len, (off_t)(part->offset + done));
			if (n < 0 || (size_t)n != len)
				return fail_sys(reader->err, n < 0 ? errno : ENOSPC, "writing",
					"the files of %s in memory", reader->path);
		}
		done += len;
	}
	return 0;
}

// Takes what describes the parts of a file, not their bytes.
static int take_parts_head(struct kept_reader *reader, struct file_parts *parts)
{
	int r = kept_take_fields(reader, &kept_parts_table, parts);

	if (r < 0)
		return r;
	size_t count = parts->count;
	parts->count = 0;
	if ((r = kept_take_bytes(reader, parts->build_id.bytes, parts->build_id.len)) < 0 ||
		(r = kept_make_rows(reader, "parts", count, sizeof(*parts->rows),
			 kept_table_len(&kept_part_table), &parts->rows)) < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		if ((r = kept_take_fields(reader, &kept_part_table, &parts->rows[i])) < 0)
			return r;
	if (!file_parts_fit(parts->rows, count, parts->file_len))
		return kept_refuse(reader, "the parts of a file do not fit into it");
	parts->count = count;
	return 0;
}

// Takes the parts of a file to PARTS, and their bytes to a new file: *RET_FD, -EBADF when there are
// none, or no file can be had for want of fds.
static int take_parts(struct kept_reader *reader, struct file_parts *parts, int *ret_fd)
{
	auto_fd int fd = -EBADF;
	int r = take_parts_head(reader, parts);

	if (r < 0)
		return r;
	uint64_t len = file_parts_len(parts);
	if (parts->count > 0) {
		if (len > reader->parts || parts->file_len > reader->files)
			return kept_refuse(reader, "the files of a process are too large");
		reader->parts -= len;
		reader->files -= parts->file_len;
	}
	if (parts->count > 0 && !reader->looking) {
		fd = make_file(parts->file_len);
		if (fd < 0 && fd != -EMFILE && fd != -ENFILE)
			return fail_sys(reader->err, -fd, "making", "the files of %s in memory",
				reader->path);
		if (fd < 0)
			fd = -EBADF;
	}
	for (size_t i = 0; i < parts->count; i++)
		if ((r = take_part(reader, fd, &parts->rows[i])) < 0)
			return r;
	if (fd >= 0 && fcntl(fd, F_ADD_SEALS,
			       F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return fail_sys(
			reader->err, errno, "sealing", "the files of %s in memory", reader->path);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int take_image(struct kept_reader *reader, struct snapshot_module *module)
{
	size_t len = module->image_len;

	module->image_len = 0;
	if (len > 0 && module->source != SNAPSHOT_SOURCE_MEMORY)
		return kept_refuse(reader, "a module that is a file has an image");
	if (module->source != SNAPSHOT_SOURCE_MEMORY)
		return 0;
	module->image = malloc(len + 1);
	if (!module->image)
		return kept_refuse_memory(reader);
	module->image_len = len;
	return kept_take_bytes(reader, module->image, len);
}

static int take_module(
	struct kept_reader *reader, struct snapshot_module *module, struct file_parts *parts)
{
	int r = kept_take_fields(reader, &kept_module_table, module);
	size_t len = module->image_len;

	module->image_len = 0;
	if (r < 0)
		return r;
	if (module->start >= module->end)
		return kept_refuse(reader, "a module ends before it begins");
	if ((r = kept_take_string(reader, "a module's path", KEPT_PATH_MAX, &module->path)) < 0 ||
		(r = kept_take_text(
			 reader, "a module's note", module->note, sizeof(module->note))) < 0)
		return r;
	module->image_len = len;
	if ((r = take_image(reader, module)) < 0 ||
		(r = take_parts(reader, parts, &module->fd)) < 0)
		return r;
	bool is_file = module->source == SNAPSHOT_SOURCE_MAP_FILES ||
		       module->source == SNAPSHOT_SOURCE_ROOT;
	if (!is_file && parts->count > 0)
		return kept_refuse(reader, "a module that is no file has parts of one");
	if (is_file && module->fd < 0) {
		module->source = SNAPSHOT_SOURCE_NONE;
		snprintf(module->note, sizeof(module->note), "%s",
			parts->count > 0 ? "more files are kept than may be opened"
					 : "its file was not kept");
	}
	return 0;
}

static int take_modules(struct kept_reader *reader, struct kept_process *process, size_t count)
{
	struct snapshot *snapshot = &process->snapshot;
	size_t len = kept_table_len(&kept_module_table) + kept_table_len(&kept_parts_table) + 8;
	int r;

	if ((r = kept_make_rows(reader, "modules", count, sizeof(*snapshot->modules), len,
		     &snapshot->modules)) < 0 ||
		(r = kept_make_rows(reader, "modules", count, sizeof(*process->files), len,
			 &process->files)) < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++) {
		snapshot->modules[i].fd = -EBADF;
		snapshot->module_count++;
		r = take_module(reader, &snapshot->modules[i], &process->files[i]);
	}
	return r;
}

static int take_maps(struct kept_reader *reader, struct snapshot *snapshot, size_t count)
{
	uint64_t end = 0;
	int r = kept_make_rows(reader, "mappings", count, sizeof(*snapshot->maps),
		kept_table_len(&kept_map_table), &snapshot->maps);

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct snapshot_map *map = &snapshot->maps[i];
		if ((r = kept_take_fields(reader, &kept_map_table, map)) < 0)
			return r;
		if (map->start < end || map->start >= map->end)
			return kept_refuse(reader, "a mapping is not above the one before it");
		if (map->module != SNAPSHOT_NO_MODULE &&
			(map->module < 0 || (size_t)map->module >= snapshot->module_count))
			return kept_refuse(reader, "a mapping's module is %d", map->module);
		end = map->end;
		snapshot->map_count++;
	}
	return r;
}

// True when what the arguments of THREAD's system call point to is in stacks of STACKS_LEN bytes.
static bool has_arguments(struct snapshot_thread *thread, uint64_t stacks_len)
{
	uint64_t nr = snapshot_call_nr(thread), len = 0;
	bool any = false;

	for (size_t i = 0; i < CALL_ARGS; i++) {
		size_t most = call_region_of(nr, thread->syscall_args, i).len;
		if (thread->wait.lens[i] > most)
			return false;
		len += most;
		any |= thread->wait.lens[i] > 0;
	}
	if (!any)
		thread->wait.offset = 0;
	return !any || kept_is_in_stacks(thread->wait.offset, len, stacks_len);
}

static int take_thread(
	struct kept_reader *reader, struct snapshot_thread *thread, uint64_t stacks_len)
{
	int r = kept_take_fields(reader, &kept_thread_table, thread);

	for (size_t i = 0; r == 0 && i < CALL_ARGS; i++)
		r = kept_take_number(reader, 8, &thread->syscall_args[i]);
	if (r < 0)
		return r;
	if (thread->stack_len == 0)
		thread->stack_offset = 0;
	if (thread->left_len == 0)
		thread->left_offset = 0;
	if (!kept_is_in_stacks(thread->stack_offset, thread->stack_len, stacks_len) ||
		!kept_is_in_stacks(thread->left_offset, thread->left_len, stacks_len))
		return kept_refuse(reader, "a thread's stack is not among the stacks");
	if (!has_arguments(thread, stacks_len))
		return kept_refuse(reader, "a thread's arguments are not among the stacks");
	r = kept_take_text(reader, "a thread's name", thread->name, sizeof(thread->name));
	for (size_t i = 0; r == 0 && i < ARCH_REG_COUNT; i++)
		r = kept_take_number(reader, 8, &thread->regs[i]);
	return r;
}

static int take_threads(
	struct kept_reader *reader, struct snapshot *snapshot, size_t count, uint64_t stacks_len)
{
	size_t len = kept_table_len(&kept_thread_table) + 4 + 8 * (6 + ARCH_REG_COUNT);
	int r = kept_make_rows(
		reader, "threads", count, sizeof(*snapshot->threads), len, &snapshot->threads);

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = take_thread(reader, &snapshot->threads[i], stacks_len);
		snapshot->thread_count++;
	}
	return r;
}

// Takes what was copied of memory beside the stacks, as HEAD counts it.
static int take_memory(
	struct kept_reader *reader, struct snapshot *snapshot, const struct snapshot *head)
{
	int r = kept_make_rows(reader, "copies of memory", head->part_count,
		sizeof(*snapshot->parts), kept_table_len(&kept_memory_table), &snapshot->parts);
	uint64_t end = 0;

	for (size_t i = 0; r == 0 && i < head->part_count; i++, snapshot->part_count++) {
		struct snapshot_part *part = &snapshot->parts[i];
		if ((r = kept_take_fields(reader, &kept_memory_table, part)) < 0)
			return r;
		bool fits = part->start >= end && part->len <= UINT64_MAX - part->start;
		if (!fits || !kept_is_in_stacks(part->offset, part->len, head->stacks_len))
			return kept_refuse(reader, "a copy of memory is not where it can be");
		end = part->start + part->len;
	}
	return r;
}

static int take_debugs(struct kept_reader *reader, struct kept_process *process, size_t count)
{
	int r = kept_make_rows(reader, "debug files", count, sizeof(*process->debugs),
		kept_table_len(&kept_debug_table) + kept_table_len(&kept_parts_table),
		&process->debugs);

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct debug_file *debug = &process->debugs[i];
		debug->fd = -EBADF;
		process->debug_count++;
		if ((r = kept_take_fields(reader, &kept_debug_table, debug)) < 0)
			return r;
		if (debug->module > process->snapshot.module_count)
			return kept_refuse(reader, "a debug file's module is %u", debug->module);
		r = take_parts(reader, &debug->parts, &debug->fd);
	}
	return r;
}

static int take_stacks(struct kept_reader *reader, struct snapshot *snapshot, size_t len)
{
	int r = kept_make_rows(reader, "bytes of stacks", len, 1, 1, &snapshot->stacks);

	snapshot->stacks_len = r == 0 ? len : 0;
	return r < 0 ? r : kept_take_bytes(reader, snapshot->stacks, len);
}

// Takes the context, whose threads are there.
static int take_context(
	struct kept_reader *reader, struct snapshot *snapshot, const struct context *head)
{
	struct context *context = &snapshot->context;
	int r;

	context->kernel_errnum = head->kernel_errnum;
	if ((r = kept_make_rows(reader, "fds", head->file_count, sizeof(*context->files),
		     kept_table_len(&kept_file_table), &context->files)) < 0)
		return r;
	for (; r == 0 && context->file_count < head->file_count; context->file_count++)
		r = kept_take_fields(
			reader, &kept_file_table, &context->files[context->file_count]);
	if (r < 0 || (r = kept_make_rows(reader, "peers", head->peer_count, sizeof(*context->peers),
			      kept_table_len(&kept_peer_table), &context->peers)) < 0)
		return r;
	for (; r == 0 && context->peer_count < head->peer_count; context->peer_count++)
		r = kept_take_fields(
			reader, &kept_peer_table, &context->peers[context->peer_count]);
	if (r < 0 || (r = kept_make_rows(reader, "bytes of texts", head->texts_len, 1, 1,
			      &context->texts)) < 0)
		return r;
	if ((r = kept_take_bytes(reader, context->texts, head->texts_len)) < 0)
		return r;
	context->texts_len = head->texts_len;
	bool is_sound = context_is_sound(context);
	for (size_t i = 0; is_sound && i < snapshot->thread_count; i++)
		is_sound = context_has(context, &snapshot->threads[i].wait);
	return is_sound ? 0 : kept_refuse(reader, "what threads wait for is not there");
}

// Takes goroutine INDEX of PARKED, whose stacks are STACKS_LEN bytes.
static int take_goroutine(
	struct kept_reader *reader, struct parked *parked, size_t index, uint64_t stacks_len)
{
	struct parked_row *row = &parked->rows[index];
	int r = kept_take_fields(reader, &kept_parked_table, row);

	if (r < 0)
		return r;
	if (index > 0 && row->id <= row[-1].id)
		return kept_refuse(reader, "a goroutine's id is not above the one before it");
	if (!kept_is_in_stacks(row->stack_offset, row->stack_len, stacks_len))
		return kept_refuse(reader, "a goroutine's stack is not among their stacks");
	return kept_take_text(reader, "what a goroutine waits for", row->wait, sizeof(row->wait));
}

// Takes the goroutines, as HEAD counts them.
static int take_parked(struct kept_reader *reader, struct parked *parked, const struct parked *head)
{
	int r = kept_take_text(
		reader, "why goroutines are not known", parked->reason, sizeof(parked->reason));

	if (r < 0)
		return r;
	parked->there = head->there;
	parked->total = head->total;
	if ((!head->there && (parked->reason[0] || head->total > 0)) ||
		((!head->there || parked->reason[0]) && (head->count > 0 || head->stacks_len > 0)))
		return kept_refuse(reader, "there are goroutines where there can be none");
	if ((r = kept_make_rows(reader, "goroutines", head->count, sizeof(*parked->rows),
		     kept_table_len(&kept_parked_table) + 4, &parked->rows)) < 0)
		return r;
	for (; r == 0 && parked->count < head->count; parked->count++)
		r = take_goroutine(reader, parked, parked->count, head->stacks_len);
	if (r < 0 || (r = kept_make_rows(reader, "bytes of goroutines' stacks", head->stacks_len, 1,
			      1, &parked->stacks)) < 0)
		return r;
	parked->stacks_len = head->stacks_len;
	return kept_take_bytes(reader, parked->stacks, parked->stacks_len);
}

static int take_names(struct kept_reader *reader, struct kept_process *process)
{
	struct snapshot *snapshot = &process->snapshot;
	auto_free char *exe = NULL;
	uint64_t has_exe;
	int r;

	if ((r = kept_take_text(reader, "the name", snapshot->name, sizeof(snapshot->name))) < 0 ||
		(r = kept_take_text(reader, "the policy", process->pause, sizeof(process->pause))) <
			0 ||
		(r = kept_take_number(reader, 1, &has_exe)) < 0 ||
		(r = kept_take_string(reader, "the executable's path", EXE_MAX, &exe)) < 0)
		return r;
	if (has_exe > 1 || (!has_exe && exe[0]))
		return kept_refuse(reader, "whether the executable is known is %llu",
			(unsigned long long)has_exe);
	if (!process->pause[0] ||
		process->pause[strspn(process->pause, "abcdefghijklmnopqrstuvwxyz")])
		return kept_refuse(reader, "the policy is no word");
	if (has_exe)
		snapshot->exe = take_ptr(exe);
	return 0;
}

// Takes a process behind its tag. What was taken before a failure is in PROCESS.
static int take_process(struct kept_reader *reader, struct kept_process *process)
{
	struct snapshot *snapshot = &process->snapshot;
	struct kept_process head = {0};
	int r = kept_take_fields(reader, &kept_process_table, &head);

	if (r < 0)
		return r;
	// The counts become true one by one: what there is can be freed at any time.
	*process = head;
	process->debug_count = snapshot->module_count = snapshot->map_count = 0;
	snapshot->thread_count = snapshot->part_count = snapshot->stacks_len = 0;
	snapshot->context = (struct context){0};
	snapshot->parked = (struct parked){0};
	reader->parts = KEPT_PARTS_MAX;
	reader->files = KEPT_FILES_MAX;
	if ((r = take_names(reader, process)) < 0 ||
		(r = take_modules(reader, process, head.snapshot.module_count)) < 0 ||
		(r = take_maps(reader, snapshot, head.snapshot.map_count)) < 0 ||
		(r = take_threads(reader, snapshot, head.snapshot.thread_count,
			 head.snapshot.stacks_len)) < 0 ||
		(r = take_context(reader, snapshot, &head.snapshot.context)) < 0 ||
		(r = take_memory(reader, snapshot, &head.snapshot)) < 0 ||
		(r = take_debugs(reader, process, head.debug_count)) < 0 ||
		(r = take_parked(reader, &snapshot->parked, &head.snapshot.parked)) < 0)
		return r;
	return take_stacks(reader, snapshot, head.snapshot.stacks_len);
}

// Takes the tag of what comes next.
static int take_tag(struct kept_reader *reader)
{
	int r = kept_take_number(reader, 4, &reader->tag);

	if (r < 0)
		return r;
	if (reader->tag != KEPT_TAG_PROCESS && reader->tag != KEPT_TAG_END)
		return kept_refuse(reader, "there is neither a process nor the end");
	if (reader->tag == KEPT_TAG_END && reader->at != reader->len)
		return kept_refuse(reader, "something follows its end");
	return 0;
}

// Begins with the first byte of the file, up to the first tag.
static int begin(struct kept_reader *reader)
{
	char magic[sizeof(KEPT_MAGIC) - 1];
	struct stat st;
	uint64_t version, machine;
	int r;

	reader->at = reader->first = reader->end = 0;
	if (fstat(reader->fd, &st) < 0 || lseek(reader->fd, 0, SEEK_SET) < 0)
		return fail_sys(reader->err, errno, "read", "%s", reader->path);
	reader->len = (uint64_t)st.st_size;
	if (reader->len < sizeof(magic) || kept_take_bytes(reader, magic, sizeof(magic)) < 0 ||
		memcmp(magic, KEPT_MAGIC, sizeof(magic)) != 0)
		return kept_refuse(reader, "it was not written by nspeek stack --save");
	if ((r = kept_take_number(reader, 4, &version)) < 0)
		return r;
	if (version != KEPT_VERSION)
		return kept_refuse(reader,
			"it is of version %llu, and this nspeek knows version %d",
			(unsigned long long)version, KEPT_VERSION);
	if ((r = kept_take_number(reader, 4, &machine)) < 0)
		return r;
	if (machine != ARCH_ELF_MACHINE)
		return kept_refuse(reader,
			"it is of another machine (ELF machine %llu), and this nspeek is built for "
			"%d",
			(unsigned long long)machine, ARCH_ELF_MACHINE);
	if ((r = kept_take_number(reader, 8, &reader->origin.time_s)) < 0 ||
		(r = kept_take_text(reader, "the host's name", reader->origin.host,
			 sizeof(reader->origin.host))) < 0)
		return r;
	if (reader->origin.time_s > UINT32_MAX)
		return kept_refuse(
			reader, "the time is %llu", (unsigned long long)reader->origin.time_s);
	return take_tag(reader);
}

// Looks through all of the file.
static int look_through(struct kept_reader *reader)
{
	int r = begin(reader);

	reader->looking = true;
	while (r == 0 && reader->tag == KEPT_TAG_PROCESS) {
		struct kept_process process = {0};
		r = take_process(reader, &process);
		kept_process_fini(&process);
		if (r == 0)
			r = take_tag(reader);
	}
	reader->looking = false;
	return r;
}

struct kept_reader *kept_read_open(const char *path, struct error *err)
{
	struct kept_reader *reader = calloc(1, sizeof(*reader));
	char *name = strdup(path);
	int fd = fd_open_regular(path);

	if (!reader || !name) {
		fail_sys(err, ENOMEM, "loading", "%s", path);
	} else if (fd < 0) {
		if (fd == -EINVAL)
			fail(err, ERROR_SYSTEM, EINVAL, "open failed on %s: it is no regular file",
				path);
		else
			fail_sys(err, -fd, "open", "%s", path);
	} else {
		reader->fd = fd;
		reader->path = name;
		reader->err = err;
		if (look_through(reader) == 0 && begin(reader) == 0)
			return reader;
	}
	close_fd(&fd);
	free(name);
	free(reader);
	return NULL;
}

const struct kept_origin *kept_read_origin(const struct kept_reader *reader)
{
	return &reader->origin;
}

int kept_read_process(struct kept_reader *reader, struct kept_process *ret, struct error *err)
{
	struct kept_process process = {0};
	int r;

	if (reader->tag == KEPT_TAG_END)
		return 0;
	reader->err = err;
	if ((r = take_process(reader, &process)) < 0 || (r = take_tag(reader)) < 0) {
		kept_process_fini(&process);
		return r;
	}
	*ret = process;
	return 1;
}

void kept_read_free(struct kept_reader *reader)
{
	if (!reader)
		return;
	close_fd(&reader->fd);
	free(reader->path);
	free(reader);
}
