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

// Whether a file of large pages is worth its cost for LEN bytes.
bool hugepages_are_worth(size_t len);

// Says that little behind END will be written to, in memory of a file of large pages, which goes on
// there: where what is before it fills less than half of a large page, that becomes small ones. For
// good, for who writes there by this mapping.
void hugepages_end(void *end);

// Says that LEN bytes at ADDR, a page's beginning, of private memory will be written to.
void hugepages_advise(void *addr, size_t len);

// Opens a file of LEN bytes, zero, that has no name and goes with its last fd or mapping: as
// memfd_create(2), but its pages are large ones. *RET_READER is an fd of it that cannot write. Both
// are the caller's. Fails with -errno: where it may not mount (a tmpfs of its own, that nobody
// sees), before Linux 5.2, where files may not be so large, where memory has to be promised before
// it is used, or where pages are not 4 KiB. Source: tmpfs(5), huge=; fsopen(2).
int hugepages_file(size_t len, int *ret_reader);
