// SPDX-License-Identifier: GPL-2.0-or-later
// Whether code came, went or moved.
//
// Theory of operation. The kernel is asked for one mapping of code of a file after the other, by
// ioctl(2) PROCMAP_QUERY of /proc/PID/maps: of the 2000 mappings of a thousand threads these are a
// few, and writing the whole map as text takes the kernel a millisecond. Before Linux 6.11 it is
// read as text.
#pragma once

#include "error.h"
#include "target.h"

#include <stdbool.h>

// Whether the code of files that TARGET has mapped is where the LEN bytes TEXT, which its maps file
// said, have it. Returns 1, 0 (also when nothing is mapped: the thread whose map it is has exited),
// or -errno as files_read_maps() fails.
int samecode_check(const struct target *target, const char *text, size_t len, struct error *err);

// The same of two texts.
bool samecode_compare(const char *a, size_t a_len, const char *b, size_t b_len);
