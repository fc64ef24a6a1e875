// SPDX-License-Identifier: GPL-2.0-or-later
// Reading memory of the target that somebody else asks for, who has read hostile files.
//
// Theory of operation. It is the target's own memory, and who asks tells nobody but us; so any of
// it may be asked for, within bounds. Reading may take as long as the target likes (userfaultfd(2),
// FUSE), so a child does it, and is killed when it takes too long.
#pragma once

#include "memrange.h"
#include "target.h"

#include <stddef.h>

// Reads the COUNT RANGES of TARGET's memory now, at different moments, into a new file in memory:
// of each range 8 bytes, how many of it could be read, then those, and zeros for the rest. Returns
// an O_CLOEXEC fd that the caller owns. Fails with -EINVAL when they are too many or too long
// (memrange.h), -ETIMEDOUT, or -errno.
int memoryfile_read(const struct target *target, const struct memory_range *ranges, size_t count);
