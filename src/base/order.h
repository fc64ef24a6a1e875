// SPDX-License-Identifier: GPL-2.0-or-later
// Comparing numbers, for qsort(3) and bsearch(3).
#pragma once

#include <stdint.h>

// Ascending; of pid_t, too.
static inline int order_int(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static inline int order_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static inline int order_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}
