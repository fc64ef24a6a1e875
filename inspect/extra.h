// SPDX-License-Identifier: GPL-2.0-or-later
// An ELF file that says more of a module than the module's own: symbols, .debug_frame. It has no
// code, and its addresses are the module's.
#pragma once

#include "buildid.h"
#include "debuglink.h"

#include <libelf.h>

enum {
	EXTRA_UNPACKED_MAX = 64 << 20, // bytes of one unpacked file
	EXTRA_BUDGET = 512 << 20,      // bytes of all that are unpacked or summed up
};

// What there can be beside a module.
enum extra_kind {
	EXTRA_MINI, // what its .gnu_debugdata is, unpacked
	EXTRA_FILE, // its separate debug file
	EXTRA_INFO, // another one, which has the debug information that the first one lacks
	EXTRA_COUNT,
};

struct extra {
	bool sought;    // it was looked for
	Elf *elf;       // NULL: there is none
	int fd;         // of the file; not of EXTRA_MINI
	unsigned place; // where it was found; not of EXTRA_MINI
	bool by_id;     // it has the module's build id, else it is the one that a link names
	unsigned char *image;
};

// Unpacks the .gnu_debugdata of OF into *EXTRA, whose .sought is left alone. Takes what it needs
// from *BUDGET. Fails as debugdata_unpack() does, and with -ENOEXEC when what came out is no ELF
// file of this machine, with the addresses of OF.
int extra_unpack(struct extra *extra, Elf *of, size_t *budget);

// Takes FD as the separate debug file of OF, which has build id ID: one that has the same, or, if
// one of them has none, the bytes that LINK (or NULL) names. FD is closed by extra_fini(), or at
// once when it is refused. Returns true when it was taken.
bool extra_take_file(struct extra *extra, Elf *of, const struct buildid *id,
	const struct debuglink *link, int fd, size_t *budget);

// Accepts a zeroed one.
void extra_fini(struct extra *extra);
