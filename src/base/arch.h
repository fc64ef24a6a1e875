// SPDX-License-Identifier: GPL-2.0-or-later
// Registers as the unwinding world numbers them: DWARF register numbers of the machine nspeek was
// built for (System V psABI, "DWARF Register Number Mapping"). libunwind uses the same numbers.
#pragma once

#include <elf.h>

#if defined(__x86_64__)
enum { ARCH_REG_PC = 16, ARCH_REG_SP = 7, ARCH_REG_FP = 6, ARCH_REG_COUNT = 17 };
enum { ARCH_ELF_MACHINE = EM_X86_64 };
// The registers that hold the six arguments of a system call, which the kernel leaves as they are.
#define ARCH_SYSCALL_ARG_REGS     \
	{                         \
		5, 4, 1, 10, 8, 9 \
	} // rdi rsi rdx r10 r8 r9
// The return address has a column of its own; what a callee preserves beside the stack pointer.
enum { ARCH_REG_RETURN = ARCH_REG_PC, ARCH_SAVED_COUNT = 6 };
// What a system call returns is here: rax.
enum { ARCH_REG_RESULT = 0 };
#define ARCH_SAVED_REGS              \
	{                            \
		3, 6, 12, 13, 14, 15 \
	}
#elif defined(__aarch64__)
// DWARF has no number for the pc; libunwind takes 32.
enum { ARCH_REG_PC = 32, ARCH_REG_SP = 31, ARCH_REG_FP = 29, ARCH_REG_COUNT = 33 };
enum { ARCH_ELF_MACHINE = EM_AARCH64 };
#define ARCH_SYSCALL_ARG_REGS    \
	{                        \
		0, 1, 2, 3, 4, 5 \
	}
enum { ARCH_REG_RETURN = 30, ARCH_SAVED_COUNT = 12 };
enum { ARCH_REG_RESULT = 0 };
#define ARCH_SAVED_REGS                                        \
	{                                                      \
		19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30 \
	}
#else
#error "this machine has no row here: add its DWARF register numbers"
#endif
