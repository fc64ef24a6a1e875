// SPDX-License-Identifier: GPL-2.0-or-later
// Debug files from the network (`--debuginfod`), behind all other places.
#pragma once

#include "debuginfod.h"
#include "inspect.h"

// Fetches the debug file for REQUEST by CLIENT if it may be used and no place behind the network
// is asked for; *RET_PLACE is the network's. What goes out is a build id of the module's own file:
// it is read here, since whoever asks has read hostile files. Returns an fd that the caller owns,
// or -errno.
int stack_fetch(
	struct debuginfod *client, const struct inspect_request *request, unsigned *ret_place);
