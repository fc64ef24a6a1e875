// SPDX-License-Identifier: GPL-2.0-or-later
// .gnu_debuglink: the name of a separate debug file, and the CRC-32 of its bytes. GDB manual,
// "Separate Debug Files".
#pragma once

#include <libelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct debuglink {
	char name[NAME_MAX + 1]; // one component of a path; empty: there is none
	uint32_t crc;
};

// Reads the .gnu_debuglink of ELF into *RET. Fails with -ENOENT when there is none, -EINVAL when it
// is broken, or its name is none of a file in a directory.
int debuglink_read(Elf *elf, struct debuglink *ret);

// True when the LEN bytes of IMAGE are those of the file that LINK names.
bool debuglink_fits(const struct debuglink *link, const void *image, size_t len);
