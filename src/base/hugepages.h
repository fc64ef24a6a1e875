// SPDX-License-Identifier: GPL-2.0-or-later
// Memory in large pages, where much of it will be written to. A page fault costs a microsecond, or
// ten and more where page tables are those of a virtual machine that traps it; a page of 2 MiB
// costs one. Nothing here fails for want of large pages: then the pages are small ones.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The size of a large page where pages are 4 KiB; elsewhere they are larger, up to 512 MiB, and
// nothing here makes any.
static const size_t HUGEPAGE = (size_t)2 << 20;

static inline size_t hugepages_round(size_t len)
{
	return (len + HUGEPAGE - 1) & ~(HUGEPAGE - 1);
}

// Allocates COUNT elements of SIZE bytes, zero, for hugepages_free(): as calloc(3), or, if large
// pages are worth it, as a mapping of *RET_MAPPED bytes, which is 0 else. Returns NULL when there
// is no memory.
void *hugepages_calloc(size_t count, size_t size, size_t *ret_mapped);

// Frees what hugepages_calloc() gave, or NULL.
void hugepages_free(void *memory, size_t mapped);

// Maps *LEN bytes, zero, private; *LEN becomes what was mapped, for munmap(2). Pages are large ones
// if that is worth it. Returns NULL when there is no memory. Source: madvise(2), MADV_HUGEPAGE.
void *hugepages_map(size_t *len);

// Says that LEN bytes at ADDR, a page's beginning, of private memory will be written to.
void hugepages_advise(void *addr, size_t len);
