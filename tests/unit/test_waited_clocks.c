// SPDX-License-Identifier: GPL-2.0-or-later
#include "waited_clocks.h"

#include "unit.h"

static const uint64_t S = 1000000000, US_PER_S = 1000000;

Test(waited_clocks, tells_what_was_seen)
{
	struct waited_clocks clocks = {0};
	uint64_t now = 1;

	check_false(waited_clocks_tell(&clocks, 3, 0, 0, &now));
	waited_clocks_note(&clocks, &(struct waited_clock){3, 100 * S, 7 * US_PER_S});
	waited_clocks_note(&clocks, &(struct waited_clock){4, 200 * S, 7 * US_PER_S});
	check_false(waited_clocks_tell(&clocks, 5, 7 * US_PER_S, 0, &now));
	check_u64(now, 1);
	check_true(waited_clocks_tell(&clocks, 3, 7 * US_PER_S, 100 * S, &now));
	check_u64(now, 100 * S);
	check_true(waited_clocks_tell(&clocks, 4, 8 * US_PER_S, 180 * S, &now));
	check_u64(now, 201 * S);
	// A newer look takes the place of the older one.
	waited_clocks_note(&clocks, &(struct waited_clock){3, 150 * S, 9 * US_PER_S});
	check_u64(clocks.count, 2);
	check_true(waited_clocks_tell(&clocks, 3, 9 * US_PER_S, 0, &now));
	check_u64(now, 150 * S);
	// It tells nothing of the time before, nor of who leaves the CPU in the future.
	check_false(waited_clocks_tell(&clocks, 3, 8 * US_PER_S, 0, &now));
	check_false(waited_clocks_tell(&clocks, 3, 9 * US_PER_S, 151 * S, &now));
}

Test(waited_clocks, an_old_one_tells_long_waits_only)
{
	struct waited_clocks clocks = {0};
	uint64_t now;

	waited_clocks_note(&clocks, &(struct waited_clock){0, 100 * S, 0});
	// 10 ms, whatever the wait; else a twentieth of it.
	check_true(waited_clocks_tell(&clocks, 0, 10000, 100 * S, &now));
	check_false(waited_clocks_tell(&clocks, 0, 11000, 100 * S, &now));
	check_true(waited_clocks_tell(&clocks, 0, US_PER_S, 80 * S, &now));
	check_false(waited_clocks_tell(&clocks, 0, US_PER_S, 90 * S, &now));
	check_false(waited_clocks_tell(&clocks, 0, 2 * US_PER_S, 80 * S, &now));
}

Test(waited_clocks, as_many_as_there_is_room_for)
{
	struct waited_clocks clocks = {0}, taken = {0};
	uint64_t now;

	for (uint32_t cpu = 0; cpu < WAITED_CLOCKS_MAX + 5; cpu++)
		waited_clocks_note(&clocks, &(struct waited_clock){cpu, cpu * S, 0});
	check_u64(clocks.count, WAITED_CLOCKS_MAX);
	check_true(waited_clocks_tell(&clocks, WAITED_CLOCKS_MAX - 1, 0, 0, &now));
	check_false(waited_clocks_tell(&clocks, WAITED_CLOCKS_MAX, 0, 0, &now));
	waited_clocks_take(&taken, &clocks);
	check_int(memcmp(&taken, &clocks, sizeof(taken)), 0);
	clocks.count = UINT32_MAX; // of whoever was killed over it
	waited_clocks_take(&taken, &clocks);
	check_u64(taken.count, WAITED_CLOCKS_MAX);
}
