// SPDX-License-Identifier: GPL-2.0-or-later
// Names of system calls, as the kernel's headers have them (asm/unistd.h) that nspeek was built
// with.
#pragma once

#include <stdint.h>

// The name of system call NR of this machine, or NULL when it has none here.
const char *syscallname_of(uint64_t nr);
