// SPDX-License-Identifier: GPL-2.0-or-later
// Clocks that were seen.
#include "waited_clocks.h"

// The row of CPU, or the count.
static uint32_t find(const struct waited_clocks *clocks, uint32_t cpu)
{
	uint32_t i = 0;

	while (i < clocks->count && clocks->rows[i].cpu != cpu)
		i++;
	return i;
}

void waited_clocks_note(struct waited_clocks *clocks, const struct waited_clock *clock)
{
	uint32_t i = find(clocks, clock->cpu);

	if (i == WAITED_CLOCKS_MAX)
		return;
	clocks->rows[i] = *clock;
	if (i == clocks->count)
		__atomic_store_n(&clocks->count, i + 1, __ATOMIC_RELEASE);
}

void waited_clocks_take(struct waited_clocks *clocks, const struct waited_clocks *from)
{
	uint32_t count = __atomic_load_n(&from->count, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < count && i < WAITED_CLOCKS_MAX; i++)
		waited_clocks_note(clocks, &from->rows[i]);
}

bool waited_clocks_tell(const struct waited_clocks *clocks, uint32_t cpu, uint64_t at_us,
	uint64_t from_ns, uint64_t *ret_ns)
{
	uint32_t i = find(clocks, cpu);
	const struct waited_clock *clock = &clocks->rows[i];

	if (i == clocks->count || at_us < clock->at_us)
		return false;
	uint64_t age_us = at_us - clock->at_us, now_ns = clock->now_ns + age_us * 1000;
	if (now_ns < from_ns || !waited_may_be_wrong_by(age_us, now_ns - from_ns))
		return false;
	*ret_ns = now_ns;
	return true;
}
