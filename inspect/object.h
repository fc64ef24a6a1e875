// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked of any ELF file, be it mapped by the target, unpacked or a debug file. elf(5).
#pragma once

#include <gelf.h>
#include <stdbool.h>

// True when ELF (or NULL) is an ELF file of this machine.
bool object_is_native(Elf *elf);

// The first section of ELF that has the name NAME and bytes in the file, its header into *RET; NULL
// when there is none.
Elf_Scn *object_section(Elf *elf, const char *name, GElf_Shdr *ret);

// True when the loaded segments of A and B, as far as B names any, begin at the same addresses:
// what B says of addresses then holds in A.
bool object_has_segments_of(Elf *a, Elf *b);
