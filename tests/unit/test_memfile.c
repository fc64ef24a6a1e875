// SPDX-License-Identifier: GPL-2.0-or-later
#include "memfile.h"

#include "cleanup.h"
#include "unit.h"

#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const size_t PIECE = 64 << 10, MOST = (size_t)1 << 32;

Test(memfile, is_empty_and_not_executable)
{
	auto_fd int fd = memfile_open("memfile");
	struct stat st;

	check_true(fd >= 0);
	check_int(fstat(fd, &st), 0);
	check_int(st.st_size, 0);
	check_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	check_true(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
}

// Opens a growing one, if this system may.
static int open_growing(void)
{
	int fd = memfile_open_growing(MOST);

	if (fd == -ENOMEM)
		cannot_run("overcommitted memory");
	check_true(fd >= 0);
	return fd;
}

// It is there for a mapping as soon as it is long enough. Returns how much memory what was written,
// five pieces, takes.
static uint64_t check_growing(int fd)
{
	static char piece[64 << 10];
	struct stat st;
	char *all = mmap(NULL, MOST, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

	check_true(all != MAP_FAILED);
	for (size_t i = 0; i < 5; i++) {
		memset(piece, (int)i + 1, sizeof(piece));
		check_int(pwrite(fd, piece, PIECE, (off_t)(i * PIECE)), PIECE);
	}
	check_int(fstat(fd, &st), 0);
	check_int(ftruncate(fd, (off_t)MOST), 0);
	for (size_t i = 0; i < 5 * PIECE; i++)
		check_int(all[i], i / PIECE + 1);
	check_int(all[MOST - 1], 0);
	check_int(munmap(all, MOST), 0);
	return (uint64_t)st.st_blocks * 512;
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

Test(memfile, grows_and_is_mounted_nowhere)
{
	size_t before = count_lines("/proc/self/mountinfo");
	auto_fd int fd = open_growing();

	check_u64(check_growing(fd), 5 * PIECE); // a page of 2 MiB would take more
	check_int(count_lines("/proc/self/mountinfo"), before);
}

Test(memfile, grows_where_nothing_may_be_mounted)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	check_int(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SYS_fsopen, 0), 0);
	check_int(seccomp_load(filter), 0);
	seccomp_release(filter);
	auto_fd int fd = open_growing();
	check_growing(fd);
}

Test(memfile, where_none_may_be_so_large)
{
	const struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};

	check_int(setrlimit(RLIMIT_FSIZE, &limit), 0);
	check_int(memfile_open_growing(MOST), -EFBIG); // and not the end of us
	check_no_leak();
}

Test(memfile, reopened_it_can_only_be_read)
{
	auto_fd int fd = open_growing();
	auto_fd int reader = memfile_reopen(fd);
	char byte = 0;

	check_true(reader >= 0);
	check_int(pwrite(fd, "x", 1, 0), 1);
	check_int(pread(reader, &byte, 1, 0), 1);
	check_int(byte, 'x');
	check_int(write(reader, "x", 1), -1);
	check_int(ftruncate(reader, 0), -1);
	check_true(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0) == MAP_FAILED);
	check_int(memfile_reopen(-1), -ENOENT);
}
