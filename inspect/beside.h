// SPDX-License-Identifier: GPL-2.0-or-later
// The files that debug information refers to: split units (.dwo, or packed in a .dwp), and what dwz
// has put into a file of its own.
#pragma once

#include "dbgindex.h"
#include "positions.h"

struct beside_file;

// The files beside one module.
struct beside {
	const struct positions *positions;
	int index; // of the module
	struct dbg_limits *limits;
	struct beside_file *files; // those that are open
	struct beside_file *package;
	bool package_sought, package_is_other;
};

// Reads the split unit that SKELETON stands for into *RET. Returns false when there is none, or
// none that has its id; why is noted as the trouble of the module.
bool beside_split(struct beside *beside, const struct dbg_unit *skeleton, struct dbg_unit *ret);

// The file that the dwz link of FILE names; NULL when there is none with the build id of the link.
// As struct dbg_file has it, of a struct beside.
struct dbg_file *beside_alt(void *beside, struct dbg_file *file);

// Closes all.
void beside_fini(struct beside *beside);
