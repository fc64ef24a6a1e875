// SPDX-License-Identifier: GPL-2.0-or-later
// Unwind rows from the call frame information of a module: .eh_frame, by its header or without one,
// else .debug_frame, its own or one beside it. DWARF 5, 6.4; LSB "Exception Frames".
#pragma once

#include "debugframe.h"
#include "module.h"
#include "row.h"

// The call frame information of one module, opened when it is first needed.
struct cfi {
	bool opened;
	Dwarf_CFI *eh;
	struct cfi_debug {
		bool opened;
		struct debugframe frame;
	} debug[1 + EXTRA_COUNT]; // of the module, of each of its extras
};

enum cfi_answer {
	CFI_NONE,    // nothing that can be read covers the address
	CFI_ROW,     // *ret is its row
	CFI_END,     // the return address is undefined: nobody called this
	CFI_COMPLEX, // it takes more than a row to say it: an expression
};

// Looks up ELF virtual address VADDR of MODULE, which is open, in CFI, which is zeroed at first: in
// MODULE and in those of its extras that are open. *RET_DEBUG says whether .debug_frame answered.
enum cfi_answer cfi_find(struct cfi *cfi, const struct module *module, uint64_t vaddr,
	struct row *ret, bool *ret_debug);

// True when the table of MODULE's .eh_frame_hdr leads for VADDR to what is no entry of .eh_frame:
// then CFI_NONE does not say that there never was one.
bool cfi_is_broken(const struct module *module, uint64_t vaddr);

// The one that is kept with MODULE, or NULL (no memory).
struct cfi *cfi_of(struct module *module);

// Accepts a zeroed one.
void cfi_fini(struct cfi *cfi);
