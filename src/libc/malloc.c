// SPDX-License-Identifier: GPL-2.0-or-later
// malloc(3) and what belongs to it, of the heap of heap.h; a program that has this file has it in
// place of its C library's. Source: ISO/IEC 9899:2018, 7.22.3; posix_memalign(3).
#include "heap.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

void *malloc(size_t size)
{
	return heap_alloc(size, false);
}

void *calloc(size_t count, size_t size)
{
	size_t len;

	if (__builtin_mul_overflow(count, size, &len)) {
		errno = ENOMEM;
		return NULL;
	}
	return heap_alloc(len, true);
}

void *realloc(void *block, size_t size)
{
	return heap_resize(block, size);
}

void free(void *block)
{
	heap_free(block);
}

static bool is_power(size_t alignment)
{
	return alignment != 0 && (alignment & (alignment - 1)) == 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	if (is_power(alignment))
		return heap_alloc_aligned(alignment, size);
	errno = EINVAL;
	return NULL;
}

void *memalign(size_t alignment, size_t size)
{
	return aligned_alloc(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	int saved = errno;
	void *block = NULL;

	if (!is_power(alignment) || alignment % sizeof(void *) != 0)
		return EINVAL;
	block = heap_alloc_aligned(alignment, size);
	errno = saved;
	if (!block)
		return ENOMEM;
	*ret = block;
	return 0;
}

size_t malloc_usable_size(void *block)
{
	return heap_size(block);
}
