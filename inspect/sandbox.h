// SPDX-License-Identifier: GPL-2.0-or-later
// Giving up what a process that parses hostile files does not need.
#pragma once

#include "error.h"

#include <stddef.h>

// Makes the calling process one without privileges, for good, in this order: it dies with PARENT
// and has no controlling terminal; every fd is closed but the COUNT ones in KEEP (any order; 0 to 2
// become /dev/null, or an empty file); limits are set (no core file, no new files, bounded memory);
// groups, gid and uid become nobody's where it is root; all capabilities are dropped; no_new_privs
// is set; nobody may trace it. Signals are as by default. Fails with ERROR_SYSTEM at the first step
// that fails: the process must then exit. Sources: prctl(2), capabilities(7).
int sandbox_enter(int parent, const int *keep, size_t count, struct error *err);
