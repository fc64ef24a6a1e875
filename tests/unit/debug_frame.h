// SPDX-License-Identifier: GPL-2.0-or-later
// A .debug_frame section for the tests: a CIE and one FDE.
#pragma once

#include "arch.h"

#include <dwarf.h>
#include <stdint.h>

struct debug_frame {
	struct {
		uint32_t len, id;
		uint8_t version, augmentation, code_align, data_align, return_reg;
		uint8_t program[7];
	} __attribute__((packed)) cie;
	struct {
		uint32_t len, cie;
		uint64_t start, size;
		uint8_t program[8];
	} __attribute__((packed)) fde;
};

// One whose FDE covers SIZE bytes of code at START. Its CFA is the stack pointer + 8, one byte of
// code further + CFA_OFFSET, and below that stands the return address.
static inline struct debug_frame debug_frame_of(
	uint64_t start, uint64_t size, unsigned char cfa_offset)
{
	return (struct debug_frame){.cie = {.len = sizeof(((struct debug_frame *)0)->cie) - 4,
					    .id = UINT32_MAX,
					    .version = 1,
					    .code_align = 1,
					    .data_align = 0x78, // -8
					    .return_reg = ARCH_REG_RETURN,
					    .program = {DW_CFA_def_cfa, ARCH_REG_SP, 8,
						    DW_CFA_offset + ARCH_REG_RETURN, 1}},
		.fde = {.len = sizeof(((struct debug_frame *)0)->fde) - 4,
			.start = start,
			.size = size,
			.program = {DW_CFA_advance_loc + 1, DW_CFA_def_cfa_offset, cfa_offset}}};
}
