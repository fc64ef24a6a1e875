// SPDX-License-Identifier: GPL-2.0-or-later
#include "cleanup.h"
#include "hugepages.h"
#include "unit.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { SMALL = 1000, LARGE = 3 << 20 };

static bool is_zero(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

Test(hugepages, rounds_up)
{
	check_u64(hugepages_round(0), 0);
	check_u64(hugepages_round(1), HUGEPAGE);
	check_u64(hugepages_round(HUGEPAGE), HUGEPAGE);
	check_u64(hugepages_round(HUGEPAGE + 1), 2 * HUGEPAGE);
}

Test(hugepages, map_tells_what_it_has_mapped)
{
	static const size_t lens[] = {1, SMALL, HUGEPAGE, LARGE};

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t mapped = lens[i];
		unsigned char *memory = hugepages_map(&mapped);
		check_true(memory && mapped >= lens[i]);
		check_true(is_zero(memory, lens[i]));
		memset(memory, 1, lens[i]);
		check_int(munmap(memory, mapped), 0);
	}
	size_t most = SIZE_MAX / 2;
	check_true(!hugepages_map(&most));
}

// A few rows do not cost a mapping; many do.
Test(hugepages, calloc_maps_what_is_large)
{
	size_t mapped;
	unsigned char *few = hugepages_calloc(SMALL, 1, &mapped);

	check_true(few && mapped == 0 && is_zero(few, SMALL));
	hugepages_free(few, mapped);
	unsigned char *many = hugepages_calloc(LARGE, 1, &mapped);
	check_true(many && is_zero(many, LARGE));
#if defined(__SANITIZE_ADDRESS__)
	check_u64(mapped, 0); // a leak would not be found there
#else
	check_true(mapped >= LARGE);
#endif
	hugepages_free(many, mapped);
	hugepages_free(NULL, 0);
	check_true(!hugepages_calloc(SIZE_MAX / 2, 3, &mapped));
	check_true(!hugepages_calloc(SIZE_MAX, 1, &mapped));
	check_no_leak();
}

// Opens a file, if this user may.
static int open_file(size_t len, int *ret_reader)
{
	int fd = hugepages_file(len, ret_reader);

	if (fd == -EPERM)
		cannot_run("mounting: CAP_SYS_ADMIN");
	if (fd == -ENOMEM || fd == -EOPNOTSUPP)
		cannot_run("overcommitted memory, in pages of 4 KiB");
	check_true(fd >= 0);
	return fd;
}

Test(hugepages, file_is_shared_and_its_reader_only_reads)
{
	auto_fd int reader = -EBADF;
	auto_fd int fd = open_file(LARGE, &reader);
	struct stat st;

	check_int(fstat(fd, &st), 0);
	check_int(st.st_size, LARGE);
	char *ours = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *theirs = mmap(NULL, LARGE, PROT_READ, MAP_SHARED, reader, 0);
	check_true(ours != MAP_FAILED && theirs != MAP_FAILED);
	strcpy(ours + LARGE - 10, "written");
	check_str(theirs + LARGE - 10, "written");
	check_true(mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0) == MAP_FAILED);
	check_int(write(reader, "x", 1), -1);
	check_int(ftruncate(reader, 0), -1);
}

// How many bytes of FILE there are after the byte at ADDR was written to.
static size_t bytes_after(int file, volatile char *addr)
{
	struct stat st;

	*addr = 1;
	check_int(fstat(file, &st), 0);
	return (size_t)st.st_blocks * 512;
}

Test(hugepages, last_one_is_small_where_little_is_needed)
{
	const size_t len = 3 * HUGEPAGE, page = 4096;
	auto_fd int reader = -EBADF;
	auto_fd int fd = open_file(len, &reader);
	char *room = mmap(NULL, len + HUGEPAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check_true(room != MAP_FAILED);
	char *start = (char *)hugepages_round((uintptr_t)room);
	check_true(mmap(start, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) !=
		   MAP_FAILED);
	hugepages_end(start + HUGEPAGE + HUGEPAGE / 4);
	check_u64(bytes_after(fd, start + HUGEPAGE), page);
	check_u64(bytes_after(fd, start + HUGEPAGE + HUGEPAGE / 4 - 1), 2 * page);
	// Both others are as large as the kernel has them just now.
	size_t first = bytes_after(fd, start) - 2 * page;
	check_true(first == HUGEPAGE || first == page);
	hugepages_end(start + 3 * HUGEPAGE - page);
	hugepages_end(start + 3 * HUGEPAGE);
	size_t last = bytes_after(fd, start + 2 * HUGEPAGE) - 2 * page - first;
	check_true(last == HUGEPAGE || last == page);
	if (first == page || last == page)
		fprintf(stderr, "no large page was to be had: half of this is not tested\n");
}

static size_t count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t count = 0;

	check_true(file);
	for (int c; (c = getc(file)) != EOF;)
		count += c == '\n';
	fclose(file);
	return count;
}

Test(hugepages, file_is_mounted_nowhere)
{
	size_t before = count_lines("/proc/self/mountinfo");
	auto_fd int reader = -EBADF;
	auto_fd int fd = open_file(LARGE, &reader);

	check_true(fd != reader);
	check_int(count_lines("/proc/self/mountinfo"), before);
}

Test(hugepages, file_where_none_may_be_so_large)
{
	const struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
	int reader;

	check_int(setrlimit(RLIMIT_FSIZE, &limit), 0);
	check_int(hugepages_file(LARGE, &reader), -EFBIG); // and not the end of us
}

Test(hugepages, file_where_nothing_may_be_mounted)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int reader;

	check_int(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SYS_fsopen, 0), 0);
	check_int(seccomp_load(filter), 0);
	seccomp_release(filter);
	check_int(hugepages_file(LARGE, &reader), -ENOSYS);
	check_no_leak();
}
