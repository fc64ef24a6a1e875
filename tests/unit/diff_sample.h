// SPDX-License-Identifier: GPL-2.0-or-later
// What is said of two rounds.
#pragma once

#include "report_sample.h"
#include "report_stack_diff.h"

// The text of PAIR, there until the next one.
static inline const char *sample_diff_text(const struct stack_pair *pair, bool merge)
{
	static char buffer[4096];
	const struct text_options options = {.merge = merge};
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");

	check_int(report_diff_text(out, pair, &options), 0);
	fclose(out);
	check_no_leak();
	return buffer;
}
