// SPDX-License-Identifier: GPL-2.0-or-later
// Terms.
#include "term.h"

enum { LOOKS = 16 }; // in a term

struct term term_make(uint64_t now_us, uint64_t end_us, bool is_last)
{
	uint64_t left_us = end_us > now_us ? end_us - now_us : 0;
	uint64_t us = is_last ? left_us : left_us - left_us / 4;

	return (struct term){
		.us = us, .end_us = now_us + us, .look_us = now_us + us / LOOKS, .step_us = now_us};
}

void term_note(struct term *term, uint32_t step, uint64_t now_us)
{
	if (step != term->step)
		term->step_us = now_us;
	term->step = step;
	term->look_us = now_us + term->us / LOOKS;
}

bool term_is_slow(const struct term *term)
{
	return term->end_us - term->step_us < term->us / 4;
}
