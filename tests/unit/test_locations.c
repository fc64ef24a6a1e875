// SPDX-License-Identifier: GPL-2.0-or-later
#include "locations.h"
#include "self_snapshot.h"

Test(locations, rows_are_made_once_and_stay)
{
	struct snapshot snapshot = {0};
	struct space space;
	struct locations locations;
	enum { COUNT = 20000 };

	self_maps(&snapshot);
	check_int(space_init(&space, &snapshot), 0);
	check_int(locations_init(&locations), 0);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < COUNT; i++) {
			uint32_t row = UINT32_MAX;
			check_int(locations_add(&locations, &space, 16 * (uint64_t)i, &row), 0);
			check_int(row, i);
		}
	check_int(locations.count, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		check_u64(locations.rows[i].pc, 16 * (uint64_t)i);
		check_int(locations.rows[i].symbol, -1);
	}
	locations_fini(&locations);
	space_fini(&space);
	snapshot_fini(&snapshot);
	check_no_leak();
}

Test(locations, code_is_located)
{
	struct snapshot snapshot = {0};
	struct space space;
	struct locations locations;
	uint32_t row;

	self_maps(&snapshot);
	check_int(space_init(&space, &snapshot), 0);
	check_int(locations_init(&locations), 0);
	uint64_t pc = (uint64_t)(uintptr_t)&self_maps;
	check_int(locations_add(&locations, &space, pc, &row), 0);
	check_true(locations.rows[row].module != SNAPSHOT_NO_MODULE);
	// Data is no code.
	check_int(locations_add(&locations, &space, (uint64_t)(uintptr_t)&row, &row), 0);
	check_int(locations.rows[row].module, SNAPSHOT_NO_MODULE);
	locations_fini(&locations);
	space_fini(&space);
	snapshot_fini(&snapshot);
}
