// SPDX-License-Identifier: GPL-2.0-or-later
// Memory of a process, this one, in a file.
#include "cleanup.h"
#include "memoryfile.h"
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

static const char text[] = "some memory";
static struct target target;

static void begin(void)
{
	// nspeek refuses to look at itself: so this is put together by hand.
	target = TARGET_EMPTY;
	target.pid = getpid();
}

static struct memory_range range_of(const void *at, uint64_t len)
{
	return (struct memory_range){(uint64_t)(uintptr_t)at, len};
}

Test(memoryfile, ranges, .init = begin)
{
	const struct memory_range ranges[] = {
		range_of(text, sizeof(text)), {8, 16}, range_of(text + 5, 6), {UINT64_MAX - 3, 8}};
	const uint64_t gots[] = {sizeof(text), 0, 6, 0};
	auto_fd int fd = memoryfile_read(&target, ranges, 4);
	char bytes[sizeof(text)];
	off_t at = 0;

	cr_assert(fd >= 0, "%s", strerror(-fd));
	for (size_t i = 0; i < 4; i++) {
		uint64_t got;
		check_int(pread(fd, &got, sizeof(got), at), sizeof(got));
		check_u64(got, gots[i]);
		at += (off_t)(sizeof(got) + ranges[i].len);
	}
	check_int(pread(fd, bytes, sizeof(bytes), 8), sizeof(bytes));
	check_str(bytes, text);
	struct stat st;
	check_int(fstat(fd, &st), 0);
	check_int(st.st_size, at);
}

Test(memoryfile, bounds, .init = begin)
{
	static struct memory_range many[MEMORY_RANGES_MAX + 1];
	const struct memory_range huge = range_of(text, MEMORY_BYTES_MAX),
				  overflow[2] = {{8, UINT64_MAX}, {8, 16}};

	for (size_t i = 0; i <= MEMORY_RANGES_MAX; i++)
		many[i] = range_of(text, 1);
	check_int(memoryfile_read(&target, many, 0), -EINVAL);
	check_int(memoryfile_read(&target, many, MEMORY_RANGES_MAX + 1), -EINVAL);
	check_int(memoryfile_read(&target, &huge, 1), -EINVAL);
	check_int(memoryfile_read(&target, overflow, 2), -EINVAL);
	for (size_t i = 0; i < MEMORY_RANGES_MAX; i++)
		many[i] = range_of(text, MEMORY_BYTES_MAX / MEMORY_RANGES_MAX);
	check_int(memoryfile_read(&target, many, MEMORY_RANGES_MAX), -EINVAL);
	auto_fd int fd = memoryfile_read(&target, many, 1);
	check_true(fd >= 0);
}
