// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of passwd(5) lines, so that no name service of the container is ever loaded.
#pragma once

#include "colonline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One user. The fields point into the parsed text.
struct passwd_row {
	struct colon_field name, home, shell;
	uint32_t uid, gid;
};

// Finds the next well-formed row from *CURSOR on, before END, and moves *CURSOR past it. Returns
// false at the end; *RET is then undefined.
bool passwd_next(const char **cursor, const char *end, struct passwd_row *ret);

// Finds the first well-formed row with UID in TEXT and stores it in *RET. Lines that are malformed
// are passed over, as getpwuid(3) does. Returns 0 or -ENOENT.
int passwd_find_uid(const char *text, size_t len, uint32_t uid, struct passwd_row *ret);

// The same for the user NAME.
int passwd_find_name(const char *text, size_t len, const char *name, struct passwd_row *ret);
