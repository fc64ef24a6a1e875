// SPDX-License-Identifier: GPL-2.0-or-later
#include "samecode.h"

#include "cleanup.h"
#include "fd.h"
#include "unit.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static const char text[] = "1000-2000 r-xp 00000000 08:01 5 /bin/a\n"
			   "2000-3000 rw-p 00001000 08:01 5 /bin/a\n"
			   "7000-8000 r-xp 00000000 00:00 0 [vdso]\n";

static bool compare(const char *other)
{
	return samecode_compare(text, sizeof(text) - 1, other, strlen(other));
}

Test(samecode, compares_texts)
{
	check_true(compare(text));
	// What is no code of a file may change.
	check_true(compare("1000-2000 r-xp 00000000 08:01 5 /bin/a (deleted)\n"
			   "4000-5000 rwxp 00000000 00:00 0\n"
			   "7000-8000 r-xp 00000000 00:00 0 [vdso]\n"));
	static const char *const others[] = {"", "1000-2000 r-xp 00000000 08:01 5 /bin/a\n",
		"1000-2000 r-xp 00000000 08:01 5 /bin/a\n6000-7000 r-xp 00000000 00:00 0 [vdso]\n",
		"1000-1800 r-xp 00000000 08:01 5 /bin/a\n7000-8000 r-xp 00000000 00:00 0 [vdso]\n",
		"1000-2000 r-xp 00001000 08:01 5 /bin/a\n7000-8000 r-xp 00000000 00:00 0 [vdso]\n",
		"1000-2000 r-xp 00000000 08:01 6 /bin/a\n7000-8000 r-xp 00000000 00:00 0 [vdso]\n",
		"1000-2000 r-xp 00000000 08:02 5 /bin/a\n7000-8000 r-xp 00000000 00:00 0 [vdso]\n",
		"1000-2000 r-xp 00000000 09:01 5 /bin/a\n7000-8000 r-xp 00000000 00:00 0 [vdso]\n",
		("1000-2000 r-xp 00000000 08:01 5 /bin/a\n3000-4000 r-xp 00000000 08:01 6 /bin/b\n"
		 "7000-8000 r-xp 00000000 00:00 0 [vdso]\n")};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		check_false(compare(others[i]));
}

static struct target self = TARGET_EMPTY; // which target_open() refuses
static char *before;
static size_t before_len;

static void begin(void)
{
	self.task_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	check_int(fd_read_file_at(self.task_fd, "maps", 1 << 20, &before, &before_len), 0);
}

static int check(void)
{
	struct error err = {0};

	return samecode_check(&self, before, before_len, &err);
}

// Code that comes, in front of and behind all other, and goes.
static void come_and_go(void)
{
	auto_fd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	static const uintptr_t hints[] = {0x100000, 0};

	check_int(check(), 1);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		void *code =
			mmap((void *)hints[i], 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
		check_true(code != MAP_FAILED);
		check_int(check(), 0);
		check_int(munmap(code, 4096), 0);
		check_int(check(), 1);
		void *data = mmap((void *)hints[i], 4096, PROT_READ, MAP_PRIVATE, fd, 0);
		check_true(data != MAP_FAILED);
		check_int(check(), 1);
		check_int(munmap(data, 4096), 0);
	}
}

Test(samecode, asks_the_kernel, .init = begin)
{
	come_and_go();
	free(before);
	target_fini(&self);
	check_no_leak();
}

Test(samecode, reads_where_it_cannot_ask, .init = begin)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	check_int(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOTTY), SYS_ioctl, 0), 0);
	check_int(seccomp_load(filter), 0);
	seccomp_release(filter);
	come_and_go();
	free(before);
	target_fini(&self);
}
