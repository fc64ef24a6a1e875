// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks that a signal handler on an alternate one has left (sigaltstack(2)): where they go on is
// in the kernel's signal frame, on the alternate stack. Pure, over copied bytes that may be
// anything.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Looks through the LEN BYTES of a stack, which were copied from ADDR (a multiple of 8), for the
// first signal frame of a handler that runs on an alternate stack, on which ADDR is, and has left
// another one. Returns the stack pointer there, or 0 when there is none. What it returns is only as
// true as the target: it has to be checked like any address. Source: struct rt_sigframe and struct
// ucontext of the kernel, arch/x86 and arch/arm64.
uint64_t leftstack_find(const unsigned char *bytes, size_t len, uint64_t addr);
