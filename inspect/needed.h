// SPDX-License-Identifier: GPL-2.0-or-later
// What of an ELF file unwinding and naming need: its headers, what is mapped of it, symbols and
// call frame information. Not what debuggers need beside (.debug_info and the like), which is most
// of some files.
#pragma once

#include "filepart.h"

#include <libelf.h>

// Writes the parts of ELF that are needed, as a file_parts_fit() wants them, to ROWS of
// FILE_PARTS_MAX, and their number to *RET_COUNT. Of a separate DEBUG file nothing is mapped: what
// its program headers say is about the other file. Where ELF is NULL, or no ELF file, the beginning
// of its LEN bytes is needed, which says so. Fails with -E2BIG (too many parts) or -ENOMEM.
int needed_parts(Elf *elf, bool debug, uint64_t len, struct file_part *rows, size_t *ret_count);
