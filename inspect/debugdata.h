// SPDX-License-Identifier: GPL-2.0-or-later
// .gnu_debugdata ("MiniDebugInfo"): an ELF file with the symbols that were stripped, compressed by
// xz, inside another ELF file.
#pragma once

#include <libelf.h>
#include <stddef.h>

// Unpacks the .gnu_debugdata of ELF into *RET (the caller's to free), *RET_LEN bytes. Fails with
// -ENOENT when there is none, -EINVAL when it is no whole xz stream, -EFBIG when it has more than
// MAX bytes or takes too much memory to unpack, -ENOMEM.
int debugdata_unpack(Elf *elf, size_t max, unsigned char **ret, size_t *ret_len);
