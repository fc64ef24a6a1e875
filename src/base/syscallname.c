// SPDX-License-Identifier: GPL-2.0-or-later
// The table is made by CMake: a row for each name, whose number the headers give.
#include "syscallname.h"

#include <asm/unistd.h>
#include <stddef.h>

static const char *const names[] = {
#include "syscallname_rows.h"
};

const char *syscallname_of(uint64_t nr)
{
	return nr < sizeof(names) / sizeof(names[0]) ? names[nr] : NULL;
}
