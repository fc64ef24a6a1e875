// SPDX-License-Identifier: GPL-2.0-or-later
// The clock that all durations and deadlines are measured by.
#pragma once

#include <stdint.h>
#include <time.h>

// CLOCK_MONOTONIC in microseconds.
static inline uint64_t clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
