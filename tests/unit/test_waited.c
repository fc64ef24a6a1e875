// SPDX-License-Identifier: GPL-2.0-or-later
// What the scheduler's notes tell, and what they do not.
#include "waited.h"

#include "unit.h"

static const uint64_t MS = 1000000, S = 1000000000;

static bool tells(uint64_t arrived, uint64_t ran, uint64_t now, uint64_t wanted_ms)
{
	const struct waited_notes notes = {.arrived = arrived, .ran = ran, .now = now};
	uint64_t ms = 0;

	return waited_of_notes(&notes, &ms) && ms == wanted_ms;
}

static bool tells_nothing(uint64_t arrived, uint64_t ran, uint64_t now)
{
	const struct waited_notes notes = {.arrived = arrived, .ran = ran, .now = now};
	uint64_t ms = 7;

	return !waited_of_notes(&notes, &ms) && ms == 7;
}

Test(waited, since_the_end_of_the_last_run)
{
	check_true(tells(S, 0, 3 * S, 2000));
	check_true(tells(S, 5 * MS, 3 * S, 1995));
	check_true(tells(S, MS, S + 2 * MS + MS - 1, 1));
	check_true(tells(1, 0, 7200 * S + 1, 7200000));
}

Test(waited, clocks_that_are_a_moment_apart)
{
	check_true(tells(3 * S, 0, 3 * S, 0));
	check_true(tells(3 * S, 2 * MS, 3 * S + MS, 0));
	check_true(tells(3 * S, 0, 3 * S - MS, 0));
}

Test(waited, nothing_that_was_not_noted)
{
	check_true(tells_nothing(0, 0, 3 * S));
	check_true(tells_nothing(0, 5, 3 * S));
}

// Of a long run interrupts may have taken more than the wait was.
Test(waited, nothing_after_a_run_that_was_long)
{
	check_true(tells(S, 40 * MS, S + 41 * MS, 1));
	check_true(tells_nothing(S, S, 2 * S + 100 * MS));
	check_true(tells(S, S, 12 * S, 10000));
	// As a scheduler leaves it that notes no runs.
	check_true(tells_nothing(S, 7200 * S, 7300 * S));
	check_true(tells_nothing(S, UINT64_MAX, 3 * S));
}

Test(waited, clocks_that_leave_out_much)
{
	check_true(waited_clock_is_good(1000 * S, 1000 * S));
	check_true(waited_clock_is_good(960 * S, 1000 * S));
	check_false(waited_clock_is_good(940 * S, 1000 * S));
	check_false(waited_clock_is_good(1060 * S, 1000 * S));
	check_true(waited_clock_is_good(S / 2, S));
}
