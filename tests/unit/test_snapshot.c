// SPDX-License-Identifier: GPL-2.0-or-later
#include "snapshot.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct snapshot_map rows[] = {
	{.start = 0x1000, .end = 0x2000},
	{.start = 0x2000, .end = 0x5000},
	{.start = 0x8000, .end = 0x9000},
	{.start = 0xfffffffffffff000, .end = UINT64_MAX},
};

Test(snapshot, find_map)
{
	static const struct {
		uint64_t addr;
		int row; // -1: none
	} lookups[] = {{0, -1}, {0xfff, -1}, {0x1000, 0}, {0x1fff, 0}, {0x2000, 1}, {0x4fff, 1},
		{0x5000, -1}, {0x7fff, -1}, {0x8000, 2}, {0x8fff, 2}, {0x9000, -1},
		{0xffffffffffffefff, -1}, {0xfffffffffffff000, 3}, {UINT64_MAX - 1, 3},
		{UINT64_MAX, -1}};
	struct snapshot snapshot = {.maps = rows, .map_count = 4};

	for (size_t i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++) {
		const struct snapshot_map *map = snapshot_find_map(&snapshot, lookups[i].addr);
		cr_assert(map == (lookups[i].row < 0 ? NULL : &rows[lookups[i].row]),
			"wrong row for %#llx", (unsigned long long)lookups[i].addr);
	}
}

// Of every number of rows, each row is found, and none in the holes between.
Test(snapshot, find_map_of_every_count)
{
	enum { MOST = 33 };
	struct snapshot_map many[MOST];

	for (size_t i = 0; i < MOST; i++)
		many[i] = (struct snapshot_map){.start = i * 0x100, .end = i * 0x100 + 0x80};
	for (size_t count = 0; count <= MOST; count++) {
		struct snapshot snapshot = {.maps = many, .map_count = count};
		for (size_t i = 0; i < MOST; i++) {
			const struct snapshot_map *wanted = i < count ? &many[i] : NULL;
			check_true(snapshot_find_map(&snapshot, i * 0x100) == wanted);
			check_true(snapshot_find_map(&snapshot, i * 0x100 + 0x7f) == wanted);
			check_true(snapshot_find_map(&snapshot, i * 0x100 + 0x80) == NULL);
		}
	}
}

static void fill(struct snapshot *snapshot, int fd)
{
	snapshot->exe = strdup("/bin/x");
	snapshot->module_count = 2;
	snapshot->modules = calloc(2, sizeof(*snapshot->modules));
	snapshot->maps = calloc(3, sizeof(*snapshot->maps));
	cr_assert(snapshot->exe && snapshot->modules && snapshot->maps);
	snapshot->modules[0].path = strdup("/lib/y");
	snapshot->modules[0].fd = fd;
	snapshot->modules[1].image = malloc(10);
	snapshot->modules[1].fd = -EBADF;
}

static void check_empty(const struct snapshot *snapshot)
{
	static const struct snapshot empty;

	check_int(memcmp(snapshot, &empty, sizeof(empty)), 0);
}

Test(snapshot, fini)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct snapshot snapshot = {0};

	fill(&snapshot, fd);
	snapshot.threads = calloc(5, sizeof(*snapshot.threads));
	snapshot.stacks = malloc(100);
	snapshot_fini(&snapshot);
	check_empty(&snapshot);
	check_int(fcntl(fd, F_GETFD), -1);
	snapshot_fini(&snapshot);
	check_empty(&snapshot);
	check_no_leak();
}

Test(snapshot, fini_of_mapped_stacks)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct snapshot snapshot = {.stacks_mapped = 8192, .threads_mapped = 4096};
	unsigned char resident;

	fill(&snapshot, fd);
	snapshot.threads =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(snapshot.threads != MAP_FAILED);
	snapshot.stacks =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(snapshot.stacks != MAP_FAILED);
	void *stacks = snapshot.stacks, *threads = snapshot.threads;
	snapshot_fini(&snapshot);
	check_empty(&snapshot);
	check_true(mincore(stacks, 1, &resident) < 0 && errno == ENOMEM);
	check_true(mincore(threads, 1, &resident) < 0 && errno == ENOMEM);
	check_no_leak();
}

// Half-built: what a failing capture releases.
Test(snapshot, fini_of_a_part)
{
	struct snapshot snapshot = {.exe = strdup("/bin/x")};

	snapshot_fini(&snapshot);
	check_empty(&snapshot);
	{
		auto_snapshot struct snapshot scoped = {.exe = strdup("/bin/y")};
		check_str(scoped.exe, "/bin/y");
	}
	check_no_leak();
}

// Copied stacks are dropped; what system calls' arguments point to stays where it is looked for.
Test(snapshot, calls_are_kept)
{
	struct snapshot snapshot = {.thread_count = 2, .stacks_len = 4096};
	unsigned char *stacks = calloc(1, snapshot.stacks_len);
	size_t len;

	snapshot.threads = calloc(2, sizeof(*snapshot.threads));
	snapshot.stacks = stacks;
	snapshot.threads[0].stack_len = 1000;
	// openat(2): of the path, at most up to the end of its page, nothing stands before.
	struct snapshot_thread *thread = &snapshot.threads[1];
	thread->syscall_nr = SYS_openat;
	thread->syscall_args[1] = 0x1000;
	thread->wait.offset = 2000;
	thread->wait.lens[1] = 6;
	memcpy(stacks + 2000, "a path", 6);
	check_int(snapshot_drop_stacks(&snapshot), 0);
	check_u64(snapshot.stacks_len, 6);
	check_u64(snapshot.threads[0].stack_len, 0);
	const unsigned char *bytes = snapshot_call_bytes(&snapshot, thread, 1, &len);
	check_u64(len, 6);
	check_true(memcmp(bytes, "a path", 6) == 0);
	snapshot_fini(&snapshot);
	check_no_leak();
}
