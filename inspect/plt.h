// SPDX-License-Identifier: GPL-2.0-or-later
// Names for the code by which a program calls functions of other files (the PLT), which no symbol
// names. System V ABI, AMD64 supplement, 5.2 "Procedure Linkage Table" and its "IBT" forms.
#pragma once

#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>

enum { PLT_SECTIONS_MAX = 4 };

// The sections of an object that have such code.
struct plt {
	Elf *elf;
	struct plt_section {
		Elf_Scn *section;
		GElf_Shdr shdr;
	} sections[PLT_SECTIONS_MAX];
	size_t count;
};

struct plt_entry {
	const char *name; // of the function that it leads to, in the string table of ELF
	uint64_t start, size;
};

// Finds the sections of ELF, which must outlive *RET.
void plt_open(Elf *elf, struct plt *ret);

// Finds the entry of PLT that the code at VADDR is, into *RET: by the place that it jumps through,
// or by the number that it pushes, and the relocation of that. Returns false when there is none, or
// it leads to a function that has no name.
bool plt_find(const struct plt *plt, uint64_t vaddr, struct plt_entry *ret);
