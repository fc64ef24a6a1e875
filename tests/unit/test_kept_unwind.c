// SPDX-License-Identifier: GPL-2.0-or-later
// A kept snapshot of a process that is long gone, unwound from the file alone: each frame is known.
//
// data/tiny.snapshot is of tests/fixtures/tiny.c. It is not made anew by the build, since what is
// tested is that files of this version can be read for ever. It was made by
//   unshare --uts; hostname example; mkdir -p root/bin; cp tiny root/bin
//   bwrap --unshare-pid --bind root / --clearenv --as-pid-1 /bin/tiny &
//   nspeek stack --save tiny.snapshot PID
#include "kept.h"
#include "kept_sample.h"
#include "space.h"
#include "symbols.h"
#include "unwind.h"

#include <limits.h>
#include <sys/stat.h>

enum { FRAMES_MAX = 64 };

static const struct unwinder *const unwinders[] = {&unwinder_rows, &unwinder_libunwind};

static const struct {
	uint64_t pc;
	const char *name;
	bool signal;
} chain[] = {
	{0x40012f, "system_call", false},
	{0x400153, "handle", false},
	{0x400115, "restore", true},
	{0x40012f, "system_call", false},
	{0x400195, "innermost", false},
	{0x4001bf, "recurse", false},
	{0x4001aa, "recurse", false},
	{0x4001aa, "recurse", false},
	{0x4001aa, "recurse", false},
	{0x40022b, "start", false},
	{0x400114, "_start", false},
};
enum { CHAIN_LEN = sizeof(chain) / sizeof(chain[0]) };

static struct unwind_frame frames[FRAMES_MAX];
static size_t frame_count;
static struct stack_end end;
static struct kept_process process;

// The whole file.
static unsigned char *bytes;
static size_t bytes_len;

static void read_file(void)
{
	char path[PATH_MAX];
	const char *data = getenv("NSPEEK_DATA");
	struct stat st;

	cr_assert(data, "NSPEEK_DATA is the directory of data");
	snprintf(path, sizeof(path), "%s/tiny.snapshot", data);
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	check_int(fstat(fd, &st), 0);
	bytes_len = (size_t)st.st_size;
	bytes = malloc(bytes_len);
	check_int(read(fd, bytes, bytes_len), bytes_len);
}

// Loads the first process of the bytes. Returns false when they are refused.
static bool load(void)
{
	struct error err = {0};
	auto_fd int fd = memfd_create("kept", MFD_CLOEXEC);

	check_int(write(fd, bytes, bytes_len), bytes_len);
	struct kept_reader *reader = sample_open(fd, &err);
	if (!reader)
		return false;
	int r = kept_read_process(reader, &process, &err);
	kept_read_free(reader);
	return r > 0;
}

// The name of the function at VADDR of MODULE; NULL: it has none. It lives as long as MODULE.
static const char *name_at(struct module *module, uint64_t vaddr)
{
	struct symbol_query query = {.vaddr = vaddr};

	if (module->elf)
		symbols_resolve(module, &query, 1);
	return query.name;
}

// Unwinds each thread that was captured, and names every frame; checks nothing but the bounds.
static void unwind_by(const struct unwinder *unwinder, struct space *space)
{
	void *engine = unwinder->open(space);

	for (size_t i = 0; i < process.snapshot.thread_count; i++) {
		const struct snapshot_thread *thread = &process.snapshot.threads[i];
		if (thread->status != SNAPSHOT_THREAD_CAPTURED)
			continue;
		unwinder->unwind(engine, thread, frames, FRAMES_MAX, &frame_count, &end);
		check_true(frame_count <= FRAMES_MAX);
		for (size_t j = 0; j < frame_count; j++) {
			struct location at = space_locate(space, unwind_lookup_pc(&frames[j]));
			if (at.module != SNAPSHOT_NO_MODULE)
				name_at(space_module(space, at.module), at.vaddr);
		}
	}
	unwinder->close(engine);
}

Test(kept_unwind, every_frame_of_a_file, .init = read_file)
{
	for (size_t engine = 0; engine < sizeof(unwinders) / sizeof(unwinders[0]); engine++) {
		struct space space;
		check_true(load());
		check_int(space_init(&space, &process.snapshot), 0);
		unwind_by(unwinders[engine], &space);
		check_int(end.status, STACK_COMPLETE);
		check_int(frame_count, CHAIN_LEN);
		for (size_t i = 0; i < CHAIN_LEN; i++) {
			struct location at = space_locate(&space, unwind_lookup_pc(&frames[i]));
			check_u64(frames[i].pc, chain[i].pc);
			check_int(frames[i].signal, chain[i].signal);
			check_str(process.snapshot.modules[at.module].path, "/bin/tiny");
			check_str(
				name_at(space_module(&space, at.module), at.vaddr), chain[i].name);
		}
		space_fini(&space);
		kept_process_fini(&process);
	}
	free(bytes);
	check_no_leak();
}

// Whatever one byte is, nothing but an answer comes out.
Test(kept_unwind, each_byte_damaged, .init = read_file)
{
	static const unsigned char masks[] = {0xff, 0x80, 0x01, 0x7f};
	size_t loaded = 0;

	for (size_t at = 0; at < bytes_len; at++) {
		struct space space;
		unsigned char saved = bytes[at];
		bytes[at] ^= masks[at % sizeof(masks)];
		if (load()) {
			loaded++;
			check_int(space_init(&space, &process.snapshot), 0);
			unwind_by(unwinders[at % 2], &space);
			space_fini(&space);
			kept_process_fini(&process);
		}
		bytes[at] = saved;
	}
	check_true(loaded > bytes_len / 2 && loaded < bytes_len);
	free(bytes);
	check_no_leak();
}
