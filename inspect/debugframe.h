// SPDX-License-Identifier: GPL-2.0-or-later
// The .debug_frame section of an ELF file, alone. libdw unpacks every debug section of a file that
// it opens, and of most programs nothing but this one is wanted. DWARF 5, 6.4.
#pragma once

#include <elfutils/libdw.h>

struct debugframe {
	Dwarf_CFI *cfi; // NULL: there is none that can be used
	Dwarf *dwarf;
	Elf *elf;
	unsigned char *image;
};

// Opens the .debug_frame of ELF, compressed or not, into *RET; one that is too large, or broken, is
// none.
void debugframe_open(struct debugframe *ret, Elf *elf);

// Accepts a zeroed one.
void debugframe_fini(struct debugframe *frame);
