// SPDX-License-Identifier: GPL-2.0-or-later
#include "lockrow.h"
#include "unit.h"

Test(lockrow, rows)
{
	static const char text[] = "1: FLOCK  ADVISORY  READ 1875 fe:00:10956522 0 EOF\n"
				   "2: POSIX  ADVISORY  WRITE 12 00:2d:7 0 9\n"
				   "2: -> POSIX  ADVISORY  WRITE 13 00:2d:7 0 9\n"
				   "2:  -> POSIX  ADVISORY  READ 14 00:2d:7 0 9\n"
				   "3: OFDLCK ADVISORY  WRITE -1 00:2d:8 0 EOF\n"
				   "4: LEASE  ACTIVE    READ  15 00:2d:9 0 EOF";
	static const struct lockrow wanted[] = {
		{1, false, LOCKROW_FLOCK, false, 1875, 10956522},
		{2, false, LOCKROW_POSIX, true, 12, 7},
		{2, true, LOCKROW_POSIX, true, 13, 7},
		{2, true, LOCKROW_POSIX, false, 14, 7},
		{3, false, LOCKROW_OFD, true, -1, 8},
		{4, false, LOCKROW_OTHER, false, 15, 9},
	};
	const char *cursor = text, *end = text + strlen(text);
	struct lockrow row;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		check_true(lockrow_next(&cursor, end, &row));
		check_u64(row.id, wanted[i].id);
		check_int(row.waiting, wanted[i].waiting);
		check_int(row.kind, wanted[i].kind);
		check_int(row.write, wanted[i].write);
		check_int(row.pid, wanted[i].pid);
		check_u64(row.inode, wanted[i].inode);
	}
	check_false(lockrow_next(&cursor, end, &row));
}

Test(lockrow, nonsense_is_passed_over)
{
	static const char text[] = "\nx\n1\n1:\n1: FLOCK\n1: FLOCK ADVISORY READ\n"
				   "1: FLOCK ADVISORY READ x fe:00:1 0 EOF\n"
				   "1: FLOCK ADVISORY READ 1 fe:00: 0 EOF\n"
				   "1: FLOCK ADVISORY READ 1 fe:00:1x 0 EOF\n"
				   "1: FLOCK ADVISORY READ 99999999999 fe:00:1 0 EOF\n"
				   "1: ->\n"
				   "7: FLOCK ADVISORY READ 1 fe:00:5 0 EOF\n";
	const char *cursor = text, *end = text + strlen(text);
	struct lockrow row;

	check_true(lockrow_next(&cursor, end, &row));
	check_u64(row.id, 7);
	check_false(lockrow_next(&cursor, end, &row));
}
