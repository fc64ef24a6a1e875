// SPDX-License-Identifier: GPL-2.0-or-later
// Memory in large pages.
#include "hugepages.h"

#include "cleanup.h"
#include "mounttree.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

// A large page is worth its zeros for as much as that.
enum { WORTH = 192 << 10 };

void hugepages_advise(void *addr, size_t len)
{
	madvise(addr, len, MADV_HUGEPAGE);
}

void *hugepages_map(size_t *len)
{
	// The kernel aligns what is a multiple of large pages (mm/mmap.c, thp_get_unmapped_area).
	size_t mapped = *len >= WORTH ? hugepages_round(*len) : *len;
	void *memory = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (mapped > *len || mapped >= HUGEPAGE)
		hugepages_advise(memory, mapped);
	*len = mapped;
	return memory;
}

void *hugepages_calloc(size_t count, size_t size, size_t *ret_mapped)
{
	size_t len;

	if (__builtin_mul_overflow(count, size, &len) || len > SIZE_MAX - HUGEPAGE)
		return NULL;
	*ret_mapped = len < WORTH ? 0 : len;
	return len < WORTH ? calloc(count, size) : hugepages_map(ret_mapped);
}

void hugepages_free(void *memory, size_t mapped)
{
	if (memory && mapped > 0)
		munmap(memory, mapped);
	else
		free(memory);
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
