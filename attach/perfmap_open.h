// SPDX-License-Identifier: GPL-2.0-or-later
// The perf map of a process: /tmp/perf-PID.map, where its run-time compilers name what they make.
//
// Theory of operation. A compiler writes it as the process sees itself: under the PID that it has
// in its own PID namespace, below its own root. What a name in /tmp leads to may be anything: paths
// are resolved inside that root, and only a regular file is opened that is the target's own, or
// root's and readable for everybody, so that no file is read for the target that it could not read.
// In a container that was started again the same PID has another process's map: one that was last
// written before the target began is not its own.
#pragma once

#include "target.h"

// Opens the first perf map of TARGET at PLACE or behind it; *RET_PLACE is where. Places are the
// PIDs that it has, from that of its own PID namespace, 0, outwards. Returns an O_CLOEXEC read-only
// fd of a regular file, or -ENOENT.
int perfmap_open(const struct target *target, unsigned place, unsigned *ret_place);
