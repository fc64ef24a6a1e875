// SPDX-License-Identifier: GPL-2.0-or-later
// Memory in large pages.
#include "hugepages.h"

#include <stdlib.h>
#include <sys/mman.h>

// A large page is worth what it costs for as much as that: it may have to be moved together, or be
// the first touch of as much of a virtual machine's memory, which is 4 ms then.
enum { WORTH = 1 << 20 };

void hugepages_advise(void *addr, size_t len)
{
	madvise(addr, len, MADV_HUGEPAGE);
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
