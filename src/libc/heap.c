// SPDX-License-Identifier: GPL-2.0-or-later
#include "heap.h"

#include "sys.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	UNIT = 16,             // what blocks are aligned to
	SMALLEST = 2 * UNIT,   // with its head
	FINE = 8,              // classes a unit apart
	STEPS = 4,             // classes of each doubling above them,
	FIRST_STEP = 32,       // and how far apart those of the first are
	CLASSES = FINE + 32,   // up to AHEAD
	MAPPED = CLASSES,      // instead of a class: mapped by itself
	PAGE = 4096,           // or a part of one
	AHEAD = 32 << 10,      // bytes that are made present at once
	REGION = 512 << 10,    // of the first region; each is twice the last one,
	REGION_MAX = 16 << 20, // up to this
	LIVE = 0x6c697665,     // states of a block
	FREED = 0x66726565,
};

// What is before a block.
struct head {
	uint32_t seal; // its state, and where it is
	uint32_t class;
};
static_assert(
	sizeof(struct head) == UNIT / 2, "a block is aligned if its head is behind half a unit");

// What is before the head of a block that is mapped by itself.
struct mapping {
	unsigned char *start;
	size_t len;
};
enum { MAPPING_ROOM = 2 * UNIT }; // before such a block
static_assert(sizeof(struct mapping) + sizeof(struct head) <= MAPPING_ROOM, "both have room");

static struct {
	unsigned char *next;    // where the next block's head goes
	unsigned char *present; // behind what is made present
	unsigned char *end;
	size_t len;           // of the next region
	void *freed[CLASSES]; // blocks that hold the address of the next one
} heap = {.len = REGION};

static void *fail(void)
{
	errno = ENOMEM;
	return NULL;
}

static struct head *head_of(const void *block)
{
	return (struct head *)((uintptr_t)block - sizeof(struct head));
}

static struct mapping *mapping_of(const void *block)
{
	return (struct mapping *)((uintptr_t)head_of(block) - sizeof(struct mapping));
}

static void seal(void *block, uint32_t state, uint32_t class)
{
	*head_of(block) = (struct head){state ^ (uint32_t)((uintptr_t)block / UNIT), class};
}

// The class of BLOCK, whose state must be STATE.
static uint32_t unseal(const void *block, uint32_t state)
{
	const struct head *head = head_of(block);

	if ((uintptr_t)block % UNIT != 0 ||
		head->seal != (state ^ (uint32_t)((uintptr_t)block / UNIT)) || head->class > MAPPED)
		abort();
	return head->class;
}

// The bytes of a block of CLASS with its head.
static size_t class_len(uint32_t class)
{
	if (class < FINE)
		return SMALLEST + (size_t) class * UNIT;
	return (size_t)(STEPS + 1 + (class - FINE) % STEPS) * FIRST_STEP << (class - FINE) / STEPS;
}

// The class for SIZE bytes, CLASSES or more for none.
static uint32_t class_for(size_t size)
{
	size_t len = size + sizeof(struct head);
	uint32_t doublings = 0;

	if (len <= SMALLEST)
		return 0;
	if (len <= class_len(FINE - 1))
		return (uint32_t)((len - SMALLEST + UNIT - 1) / UNIT);
	while (doublings < CLASSES && (size_t)2 * STEPS * FIRST_STEP << doublings < len)
		doublings++;
	size_t step = (size_t)FIRST_STEP << doublings;
	return FINE + doublings * STEPS + (uint32_t)((len + step - 1) / step) - STEPS - 1;
}

// Near a limit smaller ones have to do.
static bool begin_region(void)
{
	unsigned char *start = MAP_FAILED;

	while (start == MAP_FAILED && heap.len >= REGION) {
		start = mmap(
			NULL, heap.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (start == MAP_FAILED)
			heap.len /= 2;
	}
	if (start == MAP_FAILED) {
		heap.len = REGION;
		return false;
	}
	heap.next = start + sizeof(struct head);
	heap.present = start;
	heap.end = start + heap.len;
	heap.len = heap.len < REGION_MAX ? 2 * heap.len : REGION_MAX;
	return true;
}

// Makes the region present up to behind NEXT.
static void make_present(const unsigned char *next)
{
	int saved = errno;
	size_t len = ((size_t)(next - heap.present) + AHEAD - 1) / AHEAD * AHEAD;

	sys_populate_private(heap.present, len);
	heap.present += len;
	errno = saved;
}

// A block of CLASS that was never given out: its bytes are zero.
static void *take_new(uint32_t class)
{
	size_t len = class_len(class);

	if ((size_t)(heap.end - heap.next) < len && !begin_region())
		return fail();
	void *block = heap.next + sizeof(struct head);
	heap.next += len;
	if (heap.next > heap.present)
		make_present(heap.next);
	seal(block, LIVE, class);
	return block;
}

// A block that is mapped by itself.
static void *map(size_t alignment, size_t size)
{
	size_t len;

	if (size > PTRDIFF_MAX || alignment > PTRDIFF_MAX - size - MAPPING_ROOM - PAGE)
		return fail();
	len = (MAPPING_ROOM + (alignment > UNIT ? alignment : 0) + size + PAGE - 1) / PAGE * PAGE;
	unsigned char *start =
		mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED)
		return fail();
	unsigned char *block = start + MAPPING_ROOM;
	if (alignment > UNIT)
		block += -(uintptr_t)block & (alignment - 1);
	*mapping_of(block) = (struct mapping){start, len};
	seal(block, LIVE, MAPPED);
	return block;
}

// BLOCK, which is mapped by itself, SIZE bytes long, which are no class's.
static void *remap(void *block, size_t size)
{
	struct mapping mapping = *mapping_of(block);
	size_t before = (size_t)((unsigned char *)block - mapping.start);

	if (size > PTRDIFF_MAX - before - PAGE)
		return fail();
	size_t len = (before + size + PAGE - 1) / PAGE * PAGE;
	unsigned char *start = mremap(mapping.start, mapping.len, len, MREMAP_MAYMOVE);
	if (start == MAP_FAILED)
		return fail();
	block = start + before;
	*mapping_of(block) = (struct mapping){start, len};
	seal(block, LIVE, MAPPED);
	return block;
}

void *heap_alloc(size_t size, bool zeroed)
{
	if (size > class_len(CLASSES - 1) - sizeof(struct head))
		return map(UNIT, size);
	uint32_t class = class_for(size);
	void *block = heap.freed[class];
	if (!block)
		return take_new(class);
	if (unseal(block, FREED) != class)
		abort();
	memcpy(&heap.freed[class], block, sizeof(heap.freed[class]));
	seal(block, LIVE, class);
	return zeroed ? memset(block, 0, size) : block;
}

void *heap_alloc_aligned(size_t alignment, size_t size)
{
	return alignment <= UNIT ? heap_alloc(size, false) : map(alignment, size);
}

size_t heap_size(const void *block)
{
	if (!block)
		return 0;
	uint32_t class = unseal(block, LIVE);
	if (class < MAPPED)
		return class_len(class) - sizeof(struct head);
	const struct mapping *mapping = mapping_of(block);
	return mapping->len - (size_t)((const unsigned char *)block - mapping->start);
}

void *heap_resize(void *block, size_t size)
{
	size_t has = heap_size(block);
	bool is_mapped = block && head_of(block)->class == MAPPED;

	if (is_mapped && size <= has && size > has - has / 4)
		return block;
	if (is_mapped && size > class_len(CLASSES - 1))
		return remap(block, size);
	if (block && !is_mapped && size <= has)
		return block;
	void *moved = heap_alloc(size, false);
	if (!moved)
		return NULL;
	if (block)
		memcpy(moved, block, has < size ? has : size);
	heap_free(block);
	return moved;
}

void heap_free(void *block)
{
	int saved = errno;

	if (!block)
		return;
	uint32_t class = unseal(block, LIVE);
	if (class == MAPPED) {
		struct mapping mapping = *mapping_of(block);
		munmap(mapping.start, mapping.len);
		errno = saved;
		return;
	}
	seal(block, FREED, class);
	memcpy(block, &heap.freed[class], sizeof(heap.freed[class]));
	heap.freed[class] = block;
}
