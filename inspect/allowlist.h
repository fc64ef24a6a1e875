// SPDX-License-Identifier: GPL-2.0-or-later
// The system calls that the worker may make: a seccomp filter.
//
// Theory of operation. A list of what is allowed, in which the calls that are made most stand
// first. A call that is not in it ends the process (SIGSYS), so that a mistake of ours, and a file
// that has taken the worker over, are seen by nspeek instead of being answered. Only what libraries
// try by themselves and can do without, opening files by name above all, is refused with EACCES.
// Calls by another machine's convention (32-bit, x32) are not in the list.
#pragma once

#include "seccomp_program.h"

#include <sys/types.h>

enum { ALLOWLIST_LEN_MAX = 256 }; // instructions

// The filter for the process that has PID in its own PID namespace, which may send SIGABRT to
// itself, written to CODE. Pure.
struct seccomp_program allowlist_make(pid_t pid, struct sock_filter code[ALLOWLIST_LEN_MAX]);
