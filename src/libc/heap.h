// SPDX-License-Identifier: GPL-2.0-or-later
// The heap of the shipped file's two programs (malloc.c).
//
// Theory of operation. musl's malloc(3) gives each size memory of its own, which it maps and unmaps
// by itself. In a program that lives for milliseconds a third of the page faults were that, and
// where page tables are those of a virtual machine one is 12 us, or 50 while the other CPU has one
// too. Here all sizes come from one region, one block behind the other, and the region is made
// present some pages ahead of its use by one call (madvise(2), MADV_POPULATE_WRITE). What is freed
// is given out again for sizes of the same class: multiples of 16 bytes at first, then four classes
// to each doubling. What is larger than the largest class (32 KiB: such blocks are seldom written
// to as a whole) is mapped by itself, moved by mremap(2) and unmapped when it is freed; of the
// region nothing is given back, and no blocks are joined.
//
// There is no lock: nspeek has no threads, and the helpers that share its memory allocate nothing.
// The word before each block tells one that is freed twice, was written over, or is none: the
// process ends then (abort(3)).
#pragma once

#include <stdbool.h>
#include <stddef.h>

// SIZE bytes, aligned to 16, all zero if ZEROED. NULL with errno ENOMEM if there are none.
void *heap_alloc(size_t size, bool zeroed);

// The same aligned to ALIGNMENT, a power of two.
void *heap_alloc_aligned(size_t alignment, size_t size);

// Makes BLOCK SIZE bytes long, and may move it; allocates one if it is NULL. NULL with errno
// ENOMEM, and BLOCK as it was, if there are none.
void *heap_resize(void *block, size_t size);

// Gives BLOCK back, which may be NULL. Leaves errno as it is.
void heap_free(void *block);

// The bytes of BLOCK that can be used: as many as were asked for, or more. 0 of NULL.
size_t heap_size(const void *block);
