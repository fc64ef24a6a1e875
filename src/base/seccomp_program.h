// SPDX-License-Identifier: GPL-2.0-or-later
// Seccomp filters as they are: classic BPF programs, run here to say what the kernel will answer to
// a system call under them. Pure. The programs come from the target: a wrong one ends by a bound.
// Source: seccomp(2), Documentation/networking/filter.rst, kernel/seccomp.c.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_program {
	const struct sock_filter *code; // borrowed
	size_t len;                     // instructions
	unsigned flags;                 // SECCOMP_FILTER_FLAG_LOG or 0
};

// What PROGRAM returns for CALL: an action and its data. SECCOMP_RET_KILL_PROCESS for a program
// that the kernel would not have taken.
uint32_t seccomp_program_run(
	const struct seccomp_program *program, const struct seccomp_data *call);

// What COUNT programs, the oldest first, decide together on CALL: the strictest of their returns,
// the newest of equals.
uint32_t seccomp_decide(
	const struct seccomp_program *programs, size_t count, const struct seccomp_data *call);

// True when PROGRAM has an instruction that returns ACTION (SECCOMP_RET_*, without data).
bool seccomp_program_returns(const struct seccomp_program *program, uint32_t action);
