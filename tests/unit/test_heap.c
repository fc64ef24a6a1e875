// SPDX-License-Identifier: GPL-2.0-or-later
#include "libc/heap.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LARGE = 1 << 20, ROUNDS = 20000, HELD = 512 };

static bool is_all(const void *block, unsigned char byte, size_t len)
{
	const unsigned char *bytes = block;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] != byte)
			return false;
	return true;
}

Test(heap, every_size_is_aligned_and_as_long_as_asked)
{
	for (size_t size = 0; size < 140000; size += 1 + size / 200) {
		void *block = heap_alloc(size, false);
		cr_assert_not_null(block);
		cr_assert_eq((uintptr_t)block % 16, 0);
		cr_assert_geq(heap_size(block), size);
		// A quarter more at most, and what the smallest is.
		cr_assert_leq(heap_size(block), size + size / 4 + 24 + (size > 32000 ? 4096 : 0),
			"%zu for %zu", heap_size(block), size);
		memset(block, 0xa5, heap_size(block));
	}
}

Test(heap, what_is_freed_is_given_out_again)
{
	for (size_t size = 1; size < 32000; size *= 3) {
		void *block = heap_alloc(size, false);
		heap_free(block);
		cr_assert_eq(heap_alloc(size, false), block);
		heap_free(block);
	}
}

Test(heap, zeroed_is_zero_when_new_when_used_before_and_when_large)
{
	for (size_t size = 1; size <= LARGE; size = size * 2 + 1)
		for (int round = 0; round < 3; round++) {
			void *block = heap_alloc(size, true);
			cr_assert(is_all(block, 0, size), "%zu bytes, round %d", size, round);
			memset(block, 0xff, heap_size(block));
			heap_free(block);
		}
}

Test(heap, resizing_keeps_the_bytes)
{
	static const size_t sizes[] = {
		1, 24, 25, 136, 137, 5000, 131064, 131065, LARGE, 3 * LARGE, LARGE, 200, 1};
	unsigned char *block = NULL;
	size_t last = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		block = heap_resize(block, sizes[i]);
		cr_assert_not_null(block);
		cr_assert_geq(heap_size(block), sizes[i]);
		cr_assert(is_all(block, (unsigned char)i, last < sizes[i] ? last : sizes[i]),
			"step %zu", i);
		last = sizes[i];
		memset(block, (int)i + 1, last);
	}
	heap_free(block);
}

Test(heap, alignments_hold_and_such_blocks_can_be_resized_and_freed)
{
	for (size_t alignment = 1; alignment <= LARGE; alignment *= 2) {
		unsigned char *block = heap_alloc_aligned(alignment, 100);
		cr_assert_eq((uintptr_t)block % alignment, 0);
		memset(block, 7, heap_size(block));
		block = heap_resize(block, LARGE);
		cr_assert(is_all(block, 7, 100));
		block = heap_resize(block, 50);
		cr_assert(is_all(block, 7, 50));
		heap_free(block);
	}
}

// Blocks hold their own number while others come and go.
Test(heap, blocks_do_not_overlap)
{
	static struct {
		unsigned char *block;
		size_t size;
		unsigned char byte;
	} held[HELD];
	uint32_t random = 1;

	for (int i = 0; i < ROUNDS; i++) {
		random = random * 1664525 + 1013904223;
		size_t at = random >> 16 & (HELD - 1), size = (random >> 8 & 0xff)
							      << (random >> 28) % 11;
		cr_assert(!held[at].block || is_all(held[at].block, held[at].byte, held[at].size));
		if (random & 0x8000) {
			heap_free(held[at].block);
			held[at].block = heap_alloc(size, false);
		} else {
			held[at].block = heap_resize(held[at].block, size);
		}
		held[at].size = size;
		held[at].byte = (unsigned char)i;
		memset(held[at].block, held[at].byte, size);
	}
}

Test(heap, too_much_fails_and_leaves_the_block)
{
	unsigned char *block = heap_alloc(LARGE, true);

	errno = 0;
	cr_assert_null(heap_alloc(SIZE_MAX, false));
	cr_assert_eq(errno, ENOMEM);
	cr_assert_null(heap_alloc(PTRDIFF_MAX, false));
	cr_assert_null(heap_alloc_aligned((size_t)1 << 62, (size_t)1 << 62));
	cr_assert_null(heap_resize(block, SIZE_MAX - 100));
	cr_assert_null(heap_resize(block, (size_t)1 << 60));
	cr_assert(is_all(block, 0, LARGE));
	heap_free(block);
}

#if !defined(__SANITIZE_ADDRESS__) // whose own memory is under the limit, too
Test(heap, a_limit_of_memory_ends_it_with_an_error)
{
	const struct rlimit limit = {64 << 20, 64 << 20};
	size_t count = 0;

	setrlimit(RLIMIT_DATA, &limit);
	while (count < 10000 && heap_alloc(30000, false))
		count++;
	cr_assert_gt(count, 400);
	cr_assert_lt(count, 3000);
	cr_assert_eq(errno, ENOMEM);
}
#endif

Test(heap, a_mapped_block_stays_while_it_has_room)
{
	unsigned char *block = heap_alloc(100000, false);
	size_t has = heap_size(block);

	memset(block, 0x5a, 100000);
	cr_assert_eq(heap_resize(block, has), block);
	cr_assert_eq(heap_resize(block, has - has / 5), block);
	cr_assert_eq(heap_size(block), has);
	cr_assert(is_all(block, 0x5a, 100000));
	block = heap_resize(block, 40000); // gives back what is more than a quarter
	cr_assert_lt(heap_size(block), 50000);
	cr_assert(is_all(block, 0x5a, 40000));
	heap_free(block);
}

Test(heap, freeing_leaves_errno_and_takes_null)
{
	void *large = heap_alloc(LARGE, false);

	errno = EXDEV;
	heap_free(NULL);
	heap_free(large);
	cr_assert_eq(errno, EXDEV);
	cr_assert_eq(heap_size(NULL), 0);
}

Test(heap, a_block_freed_twice_ends_the_process, .signal = SIGABRT)
{
	void *block = heap_alloc(100, false);

	heap_free(block);
	heap_free(block);
}

Test(heap, a_head_that_was_written_over_ends_the_process, .signal = SIGABRT)
{
	unsigned char *block = heap_alloc(100, false);

	memset(block - 8, 0x41, 8);
	heap_free(block);
}

Test(heap, a_link_that_was_written_over_ends_the_process, .signal = SIGABRT)
{
	static uint64_t false_block[8];
	void *block = heap_alloc(100, false), *link = &false_block[2];

	heap_free(block);
	memcpy(block, &link, sizeof(link)); // used after it was freed
	heap_alloc(100, false);
	heap_alloc(100, false);
}

Test(heap, what_is_no_block_ends_the_process, .signal = SIGABRT)
{
	unsigned char *block = heap_alloc(100, false);

	heap_free(block + 16);
}
