// SPDX-License-Identifier: GPL-2.0-or-later
// The scheduler's clocks of the CPUs, as they were seen earlier in the same run: going to a CPU to
// see its clock takes a process of ours as long as all else of a small one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WAITED_CLOCKS_MAX = 64,
	WAITED_ERROR_MS = 10,   // that may be wrong of what is told of a wait,
	WAITED_ERROR_PART = 20, // or one part in so many of it
};

struct waited_clock {
	uint32_t cpu;
	uint64_t now_ns; // what it said
	uint64_t at_us;  // when, by clock_now_us()
};

// The last that were seen; {0} is empty. Whoever reads it while another process adds finds only
// rows that are whole.
struct waited_clocks {
	struct waited_clock rows[WAITED_CLOCKS_MAX];
	uint32_t count;
};

// Notes CLOCK, instead of what was noted of its CPU before. If there is no room, it is not noted.
void waited_clocks_note(struct waited_clocks *clocks, const struct waited_clock *clock);

// Notes all of FROM, which another process may have been killed over.
void waited_clocks_take(struct waited_clocks *clocks, const struct waited_clocks *from);

// True when a wait of WAITED_NS may be told that is wrong by ERROR_US: by 10 ms, or a twentieth of
// it.
static inline bool waited_may_be_wrong_by(uint64_t error_us, uint64_t waited_ns)
{
	return error_us <= WAITED_ERROR_MS * 1000 + waited_ns / 1000 / WAITED_ERROR_PART;
}

// What the clock of CPU says at AT_US, to *RET_NS. Returns false when it was not seen, or when what
// it may have left out since then (interrupts, what a hypervisor took) is more than 10 ms, or a
// twentieth of the time since FROM_NS, which is when a thread left that CPU, by the same clock.
bool waited_clocks_tell(const struct waited_clocks *clocks, uint32_t cpu, uint64_t at_us,
	uint64_t from_ns, uint64_t *ret_ns);
