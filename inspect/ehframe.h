// SPDX-License-Identifier: GPL-2.0-or-later
// A search table for call frame information that comes without one: static programs have .eh_frame,
// but no .eh_frame_hdr. LSB "Exception Frames".
#pragma once

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

// One row, as in .eh_frame_hdr: both are relative to the beginning of .eh_frame.
struct ehframe_row {
	int32_t start; // where the FDE's code begins
	int32_t fde;   // the FDE
};

// Makes the table of the FDEs in DATA, the .eh_frame section of an ELF file with identification
// E_IDENT, which lies at ELF virtual address VADDR: rows ascend by start. What cannot be read is
// left out. *RET is the caller's to free. Fails with -ENOMEM, or -ENOENT when there is no row.
int ehframe_index(const unsigned char *e_ident, Elf_Data *data, uint64_t vaddr,
	struct ehframe_row **ret, size_t *ret_count);
