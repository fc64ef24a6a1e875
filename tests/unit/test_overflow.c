// SPDX-License-Identifier: GPL-2.0-or-later
// Where a stack pointer has to be for its stack to have overflowed.
#include "overflow.h"

#include "unit.h"

enum { NONE = SNAPSHOT_NO_MODULE };

// Code; a guard and its stack; a gap; a stack that grows.
static struct snapshot_map maps[] = {
	{.start = 0x1000, .end = 0x2000, .module = 0, .executable = true},
	{.start = 0x2000, .end = 0x3000, .module = 0, .writable = true},
	{.start = 0x10000, .end = 0x11000, .module = NONE},
	{.start = 0x11000, .end = 0x20000, .module = NONE, .writable = true},
	{.start = 0x800000, .end = 0x900000, .module = NONE, .writable = true},
};
static const struct snapshot snapshot = {.maps = maps, .map_count = sizeof(maps) / sizeof(maps[0])};

Test(overflow, places)
{
	static const struct {
		uint64_t sp, fault;
		bool overflow;
	} rows[] = {
		{0x10ff8, 0, true},        // in the guard
		{0x10000, 0, true},        // at its end
		{0x11000, 0, true},        // the next push is in it
		{0x11087, 0, true},        // or the red zone
		{0x11100, 0, false},       // not yet
		{0x18000, 0, false},       // nowhere near
		{0x18000, 0x10ff0, true},  // but a large frame was to reach it
		{0x18000, 0x2ff0, false},  // that fault was for something else
		{0x18000, 0x12000, false}, // in the stack: no overflow
		{0x800000, 0, false},      // grows when it is touched
		{0x800000, 0x7ffff8, true},
		{0x7ff000, 0x7ff000, true},
		{0x7ff000, 0, false},
		{0x808000, 0x7ff000, true},
		{0x880000, 0x7ff000, false}, // an old one
		{0x700000, 0x6fffff, false}, // too far from any stack
		{0x2800, 0, false},          // data
		{0x1800, 0, false},          // code
		{0, 0, false},
		{UINT64_MAX, UINT64_MAX, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert(overflow_is_at(&snapshot, rows[i].sp, rows[i].fault) == rows[i].overflow,
			"row %zu", i);
}
