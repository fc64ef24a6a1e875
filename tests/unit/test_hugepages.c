// SPDX-License-Identifier: GPL-2.0-or-later
#include "hugepages.h"

#include "unit.h"

#include <sys/mman.h>

enum { SMALL = 1000, LARGE = 3 << 20 };

static bool is_zero(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

Test(hugepages, rounds_up)
{
	check_u64(hugepages_round(0), 0);
	check_u64(hugepages_round(1), HUGEPAGE);
	check_u64(hugepages_round(HUGEPAGE), HUGEPAGE);
	check_u64(hugepages_round(HUGEPAGE + 1), 2 * HUGEPAGE);
}

Test(hugepages, map_tells_what_it_has_mapped)
{
	static const size_t lens[] = {1, SMALL, HUGEPAGE, LARGE};

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t mapped = lens[i];
		unsigned char *memory = hugepages_map(&mapped);
		check_true(memory && mapped >= lens[i]);
		check_true(is_zero(memory, lens[i]));
		memset(memory, 1, lens[i]);
		check_int(munmap(memory, mapped), 0);
	}
	size_t most = SIZE_MAX / 2;
	check_true(!hugepages_map(&most));
}

// A few rows do not cost a mapping; many do.
Test(hugepages, calloc_maps_what_is_large)
{
	size_t mapped;
	unsigned char *few = hugepages_calloc(SMALL, 1, &mapped);

	check_true(few && mapped == 0 && is_zero(few, SMALL));
	hugepages_free(few, mapped);
	unsigned char *many = hugepages_calloc(LARGE, 1, &mapped);
	check_true(many && is_zero(many, LARGE));
#if defined(__SANITIZE_ADDRESS__)
	check_u64(mapped, 0); // a leak would not be found there
#else
	check_true(mapped >= LARGE);
#endif
	hugepages_free(many, mapped);
	hugepages_free(NULL, 0);
	check_true(!hugepages_calloc(SIZE_MAX / 2, 3, &mapped));
	check_true(!hugepages_calloc(SIZE_MAX, 1, &mapped));
	check_no_leak();
}
