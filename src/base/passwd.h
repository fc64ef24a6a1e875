// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of passwd(5) lines, so that no name service of the container is ever loaded.
#pragma once

#include <stddef.h>
#include <stdint.h>

// One user. The strings point into the parsed text and are not NUL-terminated.
struct passwd_row {
	const char *name, *home, *shell;
	size_t name_len, home_len, shell_len;
	uint32_t uid, gid;
};

// Finds the first well-formed row with UID in TEXT and stores it in *RET. Lines that are malformed
// are passed over, as getpwuid(3) does. Returns 0 or -ENOENT.
int passwd_find_uid(const char *text, size_t len, uint32_t uid, struct passwd_row *ret);
