// SPDX-License-Identifier: GPL-2.0-or-later
// The monotonic clock as a target has it, which may be in another time namespace than we.
//
// Theory of operation. The kernel tells the offsets of the namespace that a process's children will
// be in, not of its own: they are its own only where both are one, before and after they are read.
// The same holds for us. In all other cases the clock is not known.
#pragma once

#include "target.h"

// Reads what CLOCK_MONOTONIC is for TARGET now, in nanoseconds, into *RET_NS. Fails with -EXDEV
// when that cannot be known, or -errno; *RET_NS is then untouched. Source: time_namespaces(7).
int targetclock_read(const struct target *target, uint64_t *ret_ns);
