// SPDX-License-Identifier: GPL-2.0-or-later
// Memory in large pages.
#include "hugepages.h"

#include "cleanup.h"
#include "fd.h"
#include "mounttree.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

// A large page is worth what it costs for as much as that: it may have to be moved together, or be
// the first touch of as much of a virtual machine's memory, which is 4 ms then.
enum { WORTH = 1 << 20, PAGE = 4096 };

void hugepages_advise(void *addr, size_t len)
{
	madvise(addr, len, MADV_HUGEPAGE);
}

bool hugepages_are_worth(size_t len)
{
	return len >= WORTH;
}

void hugepages_end(void *end)
{
	uintptr_t rest = (uintptr_t)end % HUGEPAGE;

	if (rest > 0 && rest < WORTH)
		madvise((unsigned char *)end - rest, HUGEPAGE, MADV_NOHUGEPAGE);
}

void *hugepages_map(size_t *len)
{
	// The kernel aligns what is a multiple of large pages (mm/mmap.c, thp_get_unmapped_area).
	bool worth = *len >= WORTH;
	size_t mapped = worth ? hugepages_round(*len) : *len;
	void *memory = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (worth)
		hugepages_advise(memory, mapped);
	*len = mapped;
	return memory;
}

void *hugepages_calloc(size_t count, size_t size, size_t *ret_mapped)
{
	size_t len;

	if (__builtin_mul_overflow(count, size, &len) || len > SIZE_MAX - HUGEPAGE)
		return NULL;
	bool worth = len >= WORTH;
#if defined(__SANITIZE_ADDRESS__)
	worth = false; // what only a mapping points to would be a leak
#endif
	*ret_mapped = worth ? len : 0;
	return worth ? hugepages_map(ret_mapped) : calloc(count, size);
}

void hugepages_free(void *memory, size_t mapped)
{
	if (memory && mapped > 0)
		munmap(memory, mapped);
	else
		free(memory);
}

// Whether memory may be had that was not promised before: if not, the pages of a file are, and
// whoever touches one that cannot be had is killed (proc_sys_vm(5), overcommit_memory).
static bool is_overcommitted(void)
{
	char word[8];
	ssize_t len =
		fd_read_small_at(AT_FDCWD, "/proc/sys/vm/overcommit_memory", word, sizeof(word));

	return len > 0 && word[0] != '2';
}

int hugepages_file(size_t len, int *ret_reader)
{
	static const char name[] = "memory"; // as long as the file system's root is held
	static const struct mounttree_option options[] = {
		{.key = "huge", .value = "always"}, {.key = "size", .value = "0"}, {.key = NULL}};
	struct rlimit most;

	// Beyond the limit for files we would not fail, but be killed (setrlimit(2), SIGXFSZ).
	if (getrlimit(RLIMIT_FSIZE, &most) < 0 || most.rlim_cur < len)
		return -EFBIG;
	if (!is_overcommitted())
		return -ENOMEM;
	if (sysconf(_SC_PAGESIZE) != PAGE)
		return -EOPNOTSUPP;
	auto_fd int root = mounttree_new("tmpfs", options, 0);

	if (root < 0)
		return root;
	auto_fd int fd = openat(root, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	auto_fd int reader = fd < 0 ? -EBADF : openat(root, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || reader < 0 || ftruncate(fd, (off_t)len) < 0)
		return -errno;
	*ret_reader = take_fd(&reader);
	return take_fd(&fd);
}
