// SPDX-License-Identifier: GPL-2.0-or-later
// The time that one worker has, and whether it used it. Pure; times are microseconds of one clock.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct term {
	uint64_t us, end_us; // how long, and until when
	uint64_t look_us;    // when to look next at where the worker is
	uint64_t step_us;    // when it was last seen to have gone on
	uint32_t step;       // how far it was then
};

// From NOW_US on: of the time until END_US most, so that there is some for another worker if this
// one is of no use; or, if it IS_LAST, all.
struct term term_make(uint64_t now_us, uint64_t end_us, bool is_last);

// Takes note that the worker is at STEP at NOW_US.
void term_note(struct term *term, uint32_t step, uint64_t now_us);

// True when the worker of TERM, which is over, was not at one place for most of the end of it.
bool term_is_slow(const struct term *term);
