// SPDX-License-Identifier: GPL-2.0-or-later
// TARGET as the user writes it.
#pragma once

#include "target.h"

// Opens the process that WORD names: "PID" (also a thread's id), or "PID:INODE" with the inode
// number of its pidfd, which must match. Fails like target_open(), with ERROR_USAGE when WORD is
// neither, and with ERROR_TARGET when the inode differs (the PID was recycled) or this kernel's
// pidfds have no inodes of their own (before 6.9). Nothing is left open on failure.
int target_word_open(const char *word, struct target *ret, struct error *err);

// True when WORD means a process by its number, or tries to; the empty word does too.
bool target_word_is_number(const char *word);
